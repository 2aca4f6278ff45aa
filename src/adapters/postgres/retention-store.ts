import type { Prunable, RetentionStore } from '#application/ticks/prune.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

/** Any number, as long as nothing else takes it for an advisory lock. */
const LOCK = 7_311_015;

/** Each answers one row with `count`. $1: from before when; $2: how many at most. */
const statements = ({ awaitsCopy }: Waiting): { readonly [what in Prunable]: string } => ({
  evidenceHistory: 'select prune_evidence($1, $2)::int as count',
  completedJourneys: `
    with due as (
      select client_id from journey_states
      where status = 'completed' and events_from < entered_version and updated_at < $1${awaitsCopy ? COPIED : ''}
      order by client_id limit $2
    ), said as (
      delete from task_progress p using due where p.client_id = due.client_id
    )
    select count(*)::int as count, prune_events(array_agg(client_id)) from due`,
  deliveries: `
    with due as (
      select client_id, destination, seq from outbox
      -- Kept from its delivery on, however late that was; the index knows only when it was made, which is no later.
      where state = 'delivered' and delivered_at < $1 and created_at < $1 limit $2
    ), gone as (
      delete from outbox o using due
      where o.client_id = due.client_id and o.destination = due.destination and o.seq = due.seq and o.state = 'delivered'
      returning 1
    )
    select count(*)::int as count from gone`,
  idempotencyKeys: `
    with due as (select client_id, principal, key from idempotency_keys where at < $1 limit $2),
    gone as (
      delete from idempotency_keys k using due
      where k.client_id = due.client_id and k.principal = due.principal and k.key = due.key
      returning 1
    )
    select count(*)::int as count from gone`,
});

/** Whether events are kept until the event store has them. */
type Waiting = { readonly awaitsCopy: boolean };

const COPIED = `
        and exists (
          select 1 from event_cursors c
          where c.client_id = journey_states.client_id and c.relayed_seq >= journey_states.entered_version - 1
        )`;

export function postgresRetentionStore(database: Database, waiting: Waiting = { awaitsCopy: false }): RetentionStore {
  const statement = statements(waiting);
  return {
    prune: (what, before, limit) =>
      database.transaction(async (query) => {
        const [lock] = await query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [LOCK]);
        if (lock?.mine !== true) return null;
        const [row] = await query<{ count: number }>(statement[what], [timestamptz(before), limit]);
        return row?.count ?? 0;
      }),
  };
}
