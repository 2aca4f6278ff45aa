import { bucketOf } from '#core/bucket.ts';
import type { AttemptName } from '#core/work/unit.ts';
import type { Instant } from '#core/time.ts';
import { timestamptz } from './column-types.ts';

/** How many of the things said about one attempt are kept: the newest. */
const KEPT = 50;

export type Said = AttemptName & {
  readonly clientId: string;
  readonly by: string;
  readonly message: string | null;
  readonly percent: number | null;
  /** Journey time. */
  readonly at: Instant;
};

/**
 * A sign of life from whoever does a task: `change` renews its row (as `t`), and what was said is kept with the event that
 * it came after. The parameters are those of `saidParameters`; further ones begin at $11.
 */
export const noted = (change: string): string => `
with beat as (
  update uow_tasks t set heartbeats = t.heartbeats + 1 ${change}
  returning t.heartbeats, t.lease_until, t.deadline_at
), said as (
  insert into task_progress (client_id, bucket, work_id, task_id, generation, attempt, slot, ordinal, after_seq, message, percent, said_by, at)
  select $1, $7, $2, $3, $4, $5, b.heartbeats % ${KEPT}, b.heartbeats, j.version, $8, $9, $6, $10
  from beat b join journey_states j on j.client_id = $1
  where $8::text is not null or $9::real is not null
  on conflict (client_id, work_id, task_id, generation, attempt, slot) do update set ordinal = excluded.ordinal,
    after_seq = excluded.after_seq, message = excluded.message, percent = excluded.percent, said_by = excluded.said_by, at = excluded.at
)
select lease_until, deadline_at from beat`;

/** The row of the very attempt that is said something about. */
export const OF_ATTEMPT =
  't.client_id = $1 and t.work_id = $2 and t.task_id = $3 and t.generation = $4 and t.attempt = $5';

export const saidParameters = (said: Said): readonly unknown[] => {
  const { clientId, workId, taskId, generation, attempt, by, message, percent, at } = said;
  return [clientId, workId, taskId, generation, attempt, by, bucketOf(clientId), message, percent, timestamptz(at)];
};
