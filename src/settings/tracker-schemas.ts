import { z } from 'zod';
import { bounds, refreshMinutes } from './collector-bounds.ts';

const words = (...byDefault: string[]) => z.array(z.string().min(1).max(200)).max(50).default(byDefault);
const severity = z
  .strictObject({
    critical: words('critical', 'highest', 'blocker', 'urgent', 'p0'),
    high: words('high', 'major', 'p1'),
    medium: words('medium', 'normal', 'p2'),
    low: words('low', 'lowest', 'minor', 'trivial', 'p3'),
    /** How bad a bug is that has none of these words: unknown must not pass for harmless. */
    otherwise: z.enum(['critical', 'high', 'medium', 'low']).default('high'),
  })
  .prefault({});

const clientName = (byDefault: string) =>
  z
    .string()
    .max(200)
    .refine((name) => name.includes('{client_id}'), { error: 'must hold {client_id}' })
    .refine((name) => !name.includes(','), { error: 'must not hold a comma' })
    .default(byDefault);
const label = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^,]+$/, 'must not hold a comma');
const list = (pattern: RegExp, example: string) =>
  z
    .array(z.string().regex(pattern, `must be written as ${example}`))
    .min(1)
    .max(50);

const common = {
  severity,
  refresh_minutes: refreshMinutes(15),
  ...bounds({ timeout_seconds: 60, concurrency: 1, calls_per_minute: 30 }),
};

/** Where bugs are, and how a client is named there. One of them: what the others know is nowhere to be missed. */
export const trackerSchemas = {
  github: z
    .strictObject({
      repositories: list(/^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/, 'owner/name'),
      labels: z.array(label).min(1).max(10).default(['bug']),
      client_label: clientName('client:{client_id}'),
      ...common,
    })
    .optional(),
  jira: z
    .strictObject({
      projects: list(/^[A-Z][A-Z0-9_]{0,49}$/, 'SUP'),
      issue_types: z.array(z.string().min(1).max(100)).min(1).max(20).default(['Bug']),
      client_field: z
        .string()
        .regex(/^(?:labels|customfield_\d{1,9})$/, 'must be labels, or a field of your own as customfield_10042')
        .default('labels'),
      client_value: clientName('client-{client_id}'),
      ...common,
    })
    .optional(),
  linear: z
    .strictObject({
      teams: list(/^[A-Z0-9]{1,20}$/, 'ENG'),
      label: label.default('Bug'),
      client_label: clientName('client:{client_id}'),
      ...common,
    })
    .optional(),
} as const;
