import type { DueChecks } from '#application/ticks/evaluate-exits.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

// One statement claims: pushing due_at forward is the lease. Who dies with a claim loses it after that time.
const CLAIM = `
with due as (
  select client_id from journey_checks where due_at <= $1 order by due_at limit $3 for update skip locked
)
update journey_checks c set due_at = $2 from due where c.client_id = due.client_id
returning c.client_id`;

export function postgresDueChecks(database: Database): DueChecks {
  return {
    claim: async (now, until, limit) => {
      const rows = await database.query<{ client_id: string }>(
        CLAIM,
        [timestamptz(now), timestamptz(until), limit],
        'claim_checks',
      );
      return rows.map(({ client_id }) => client_id);
    },
    schedule: async (checks, claimedUntil) => {
      await database.query(
        `update journey_checks c set due_at = p.due_at from unnest($1::text[], $2::timestamptz[]) as p(client_id, due_at)
         where c.client_id = any($1::text[]) and c.client_id = p.client_id and c.due_at = $3`,
        [
          checks.map(({ clientId }) => clientId),
          checks.map(({ dueAt }) => timestamptz(dueAt)),
          timestamptz(claimedUntil),
        ],
        'schedule_checks',
      );
    },
    close: async (clientIds, claimedUntil) => {
      await database.query(
        'delete from journey_checks where client_id = any($1::text[]) and due_at = $2',
        [clientIds, timestamptz(claimedUntil)],
        'close_checks',
      );
    },
  };
}
