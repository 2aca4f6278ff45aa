import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { clientOfWorkId, iso, WorkId } from '../fields.ts';
import { sentenceOf } from '../task-log.ts';
import { defineUseCase } from '../use-case.ts';

const Position = z
  .string()
  .regex(/^\d{1,9}:\d{1,9}:[a-z0-9_-]{0,64}$/, 'must be the next_after of the page before')
  .describe('Only entries after this one, as next_after named it.');

export const showTaskLog = defineUseCase({
  name: 'work.log',
  summary:
    'Everything recorded about the tasks of a unit of work, in order: attempts, waits, progress, results, retries.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/work/:work_id/log' },
    cli: { verb: 'task-logs', examples: ['task-logs --work-id="uow-client-123:1:sandbox_setup"'] },
    without: {
      mcp: 'List_work says what became of each task.',
      slack: 'A log is nothing to read on a phone; work says how the tasks stand.',
    },
  },
  input: z.strictObject({
    work_id: WorkId,
    after: Position.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(500).describe('Entries a page.'),
  }),
  output: z.object({
    work_id: z.string(),
    client_id: z.string(),
    entries: z.array(
      z.object({
        seq: z.number(),
        at: z.string(),
        task: z.string().nullable().describe('null: it is about the whole unit.'),
        generation: z.number().nullable(),
        attempt: z.number().nullable(),
        type: z.string().describe('The event, or progress.'),
        message: z.string(),
        actor: z.string(),
        door: z.string(),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
    next_after: z.string().nullable(),
  }),
  client: ({ work_id }) => clientOfWorkId(work_id),
  run: async ({ journeys }, _call, { work_id, after, limit }) => {
    const clientId = clientOfWorkId(work_id);
    const [seq, ordinal, task] = (after ?? '0:0:').split(':');
    const position = { seq: Number(seq), ordinal: Number(ordinal), taskId: task ?? '' };
    const found = await journeys.taskLog(clientId, work_id, position, limit + 1);
    if (found.length === 0 && after === undefined)
      return refuse(
        'work.unknown',
        `${work_id} is not a unit of work of ${clientId}.`,
        'uow-status --client-id lists the units of work.',
      );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      work_id,
      client_id: clientId,
      entries: page.map((entry) => ({
        seq: entry.seq,
        at: iso(entry.at),
        task: entry.task_id,
        generation: entry.generation,
        attempt: entry.attempt,
        type: entry.type,
        message: sentenceOf(entry),
        actor: entry.actor,
        door: entry.door,
        data: { ...entry.data },
      })),
      next_after: last && found.length > limit ? `${last.seq}:${last.ordinal}:${last.task_id ?? ''}` : null,
    };
  },
});
