import { z } from 'zod';
import type { Json } from '#core/json.ts';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import type { DeliveryKey } from './dependencies.ts';

/** Field shapes that use-cases share. Limits are part of the shape: nothing unbounded comes in. */
export const ClientId = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/,
    'must be 1 to 128 of A-Z a-z 0-9 . _ - (and not . or .., which no address can carry)',
  )
  .describe('The client whose journey it is.');
export const StageId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be a stage id, as sandbox')
  .describe('A stage id of stages.yaml.');
export const WorkId = z
  .string()
  .max(255)
  .regex(
    /^uow-[A-Za-z0-9._-]{1,128}:\d{1,9}:[a-z0-9_-]{1,64}$/,
    'must be a unit of work id, as uow-<client>:<entry>:<template>',
  )
  .describe('A unit of work, as uow-status names it.');
export const TaskName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be a task id, as install_connectors')
  .describe('A task of the unit of work, as uow-status names it.');
export const TaskId = z
  .string()
  .max(400)
  .regex(
    /^task-[A-Za-z0-9._-]{1,128}:\d{1,9}:[a-z0-9._-]{1,64}:[a-z0-9_-]{1,64}:\d{1,9}:\d{1,9}$/,
    'must be the task_id that the claim answered, as task-<client>:<entry>:<template>:<task>:<generation>:<attempt>',
  )
  .describe('The attempt of a task, as the claim named it.');
export const ApprovalId = z
  .string()
  .max(255)
  .regex(/^apr-[A-Za-z0-9._-]{1,128}:\d{1,9}:\d{1,9}$/, 'must be an approval id, as apr-<client>:<entry>:<number>')
  .describe('A request for approval, as status names it.');
export const DeliveryId = z
  .string()
  .max(255)
  .regex(
    /^dlv-[A-Za-z0-9._-]{1,128}:[a-z0-9._-]{1,64}:\d{1,9}$/,
    'must be a delivery id, as dlv-<client>:<destination>:<number>',
  )
  .describe('A message to a destination, as deliveries list names it.');
export const DestinationName = z
  .string()
  .regex(/^[a-z0-9._-]{1,64}$/, 'must be the name of a destination, as crm or email.operations')
  .describe('Who is told, as crm.');

export const OverrideId = z
  .string()
  .max(255)
  .regex(/^ovr-[A-Za-z0-9._-]{1,128}:\d{1,9}:\d{1,9}$/, 'must be an override id, as ovr-<client>:<entry>:<number>')
  .describe('A wish to pass a shut gate, as status names it.');

const units = { m: MINUTE, h: HOUR, d: DAY } as const;
/** A time to come, as people say it. Ten years at most: whoever needs longer needs none. */
export const Period = z
  .string()
  .regex(/^[1-9]\d{0,6}[mhd]$/, {
    error: 'must be a number of minutes, hours or days, as 30m, 12h or 90d',
    abort: true,
  })
  .refine((period) => periodMs(period) <= 3_650 * DAY, 'must be 3650d at most');
export const periodMs = (period: string): number =>
  Number(period.slice(0, -1)) * units[period.slice(-1) as keyof typeof units];

// oxlint-disable-next-line no-control-regex -- control characters are what must not come in.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
/** Text of people: no control characters, which would be alive in a terminal. */
export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .refine((value) => !CONTROL.test(value) && value.isWellFormed(), 'must not contain control characters');
export const Reason = text(2_000).describe('Why, in words; it is kept with the journey.');

export const clientOfApproval = (approvalId: string): string =>
  approvalId.slice('apr-'.length, approvalId.indexOf(':'));
/** What a delivery id is made of. */
export function deliveryKeyOf(deliveryId: string): DeliveryKey {
  const [clientId = '', destination = '', seq = ''] = deliveryId.slice('dlv-'.length).split(':');
  return { clientId, destination, seq: Number(seq) };
}
export const clientOfOverride = (overrideId: string): string =>
  overrideId.slice('ovr-'.length, overrideId.indexOf(':'));
export const clientOfTaskId = (taskId: string): string => taskId.slice('task-'.length, taskId.indexOf(':'));
export const clientOfWorkId = (workId: string): string => workId.slice('uow-'.length, workId.indexOf(':'));

/** Names that reach an object's prototype when some code down the line copies key by key. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** JSON of any shape: bounded in depth, and only what the store can hold (no NUL, no half of a surrogate pair). */
export const JsonValue: z.ZodType<Json> = z.custom<Json>(
  (value) => value !== undefined && isStorable(value, 10),
  'must be JSON without NUL characters or a key such as __proto__, not nested deeper than 10 levels',
);

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !value.includes('\u0000') && value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return (
    depth > 0 &&
    Object.entries(value).every(
      ([key, inner]) => !FORBIDDEN_KEYS.has(key) && isStorable(key, 0) && isStorable(inner, depth - 1),
    )
  );
}

export const Inputs = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a field name, as pilot_cohort_size'), JsonValue)
  .refine((inputs) => Object.keys(inputs).length <= 100, 'must have at most 100 fields')
  .refine((inputs) => !Object.hasOwn(inputs, 'client_id'), 'must not name client_id: it is the journey itself');
export const iso = (instant: number): string => new Date(instant).toISOString();

const FieldsSchema = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()),
});

/** A claimed task: all that doing it needs. */
export const ClaimView = z.object({
  task_id: z.string().describe('Names this attempt: give it with heartbeat, complete and fail.'),
  client_id: z.string(),
  work_id: z.string(),
  task: z.string().describe('The task of the unit of work.'),
  name: z.string(),
  intent: z.string(),
  stage: z.string(),
  attempt: z.number(),
  max_attempts: z.number(),
  idempotency_key: z
    .string()
    .describe('The same for all attempts: what was done under it once need not be done again.'),
  input: z.record(z.string(), z.unknown()),
  input_schema: FieldsSchema.describe('JSON Schema 2020-12.'),
  output_schema: FieldsSchema.describe('JSON Schema 2020-12.'),
  lease_until: z.string().describe('Without a heartbeat before it, the task is given to somebody else.'),
  deadline: z.string().describe('No heartbeat carries the task beyond it.'),
  heartbeat_every_seconds: z.number(),
});
