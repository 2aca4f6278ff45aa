import type {
  ClaimedCollection,
  CollectionStore,
  OccupiedStage,
  SettledCollection,
} from '#application/collecting/collection-store.ts';
import type { Uncollected } from '#application/collecting/collector.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

// One statement claims: pushing due_at forward is the lease. What has never been asked for in this stage entry has no row,
// or one of an earlier entry, and comes first. Two that claim at once meet at the same rows in the same order, and the
// second one's condition then finds them claimed.
const CLAIM = `
with due as (
  select j.client_id, j.bucket, j.stage_entry, n.kind
  from unnest($2::text[], $3::text[], $4::text[]) as n (config_hash, stage, kind)
  join journey_states j on j.config_hash = n.config_hash and j.current_stage = n.stage and j.status = 'active'
  left join collections c
    on c.client_id = j.client_id and c.bucket = j.bucket and c.collector = $1 and c.kind = n.kind and c.stage_entry = j.stage_entry
  where c.client_id is null or c.due_at <= $5
  order by c.due_at nulls first, j.client_id
  limit $7
)
insert into collections as c (client_id, bucket, collector, kind, stage_entry, due_at)
select client_id, bucket, $1, kind, stage_entry, $6 from due order by client_id, kind
on conflict (client_id, collector, kind) do update set
  due_at = excluded.due_at,
  stage_entry = excluded.stage_entry,
  failures = case when c.stage_entry = excluded.stage_entry then c.failures else 0 end,
  problem = case when c.stage_entry = excluded.stage_entry then c.problem end,
  problem_since = case when c.stage_entry = excluded.stage_entry then c.problem_since end
where c.stage_entry <> excluded.stage_entry or c.due_at <= $5
returning c.client_id as "clientId", c.kind, c.failures`;

const SETTLE = `
update collections c set due_at = s.due_at, failures = s.failures, problem = s.problem, tried_at = $8,
  problem_since = case when s.problem is not null then coalesce(c.problem_since, $8) end
from unnest($2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::text[]) as s (client_id, kind, due_at, failures, problem)
where c.client_id = any($2::text[]) and c.client_id = s.client_id and c.collector = $1 and c.kind = s.kind and c.due_at = $7`;

/** Others' words are kept as far as somebody would read them. */
const LONGEST = 500;

export function postgresCollectionStore(database: Database): CollectionStore {
  return {
    occupied: () =>
      database.query<OccupiedStage>(
        `select distinct config_hash as "configHash", current_stage as stage from journey_states where status = 'active'`,
        [],
        'occupied_stages',
      ),
    claim: ({ collector, needs, now, until, limit }) =>
      database.query<ClaimedCollection>(
        CLAIM,
        [
          collector,
          needs.map(({ configHash }) => configHash),
          needs.map(({ stage }) => stage),
          needs.map(({ kind }) => kind),
          timestamptz(now),
          timestamptz(until),
          limit,
        ],
        'claim_collections',
      ),
    settle: async (collector, settled, claimedUntil, now) => {
      const column = <K extends keyof SettledCollection>(key: K): SettledCollection[K][] =>
        settled.map((one) => one[key]);
      await database.query(
        SETTLE,
        [
          collector,
          column('clientId'),
          column('kind'),
          column('dueAt').map(timestamptz),
          column('failures'),
          column('problem').map((problem) => problem?.slice(0, LONGEST) ?? null),
          timestamptz(claimedUntil),
          timestamptz(now),
        ],
        'settle_collections',
      );
    },
    uncollected: (clientId) =>
      database.query<Uncollected>(
        `select c.collector, c.kind, c.problem, c.problem_since as since
         from collections c join journey_states j on j.client_id = c.client_id and j.stage_entry = c.stage_entry
         where c.client_id = $1 and c.problem is not null order by c.collector, c.kind`,
        [clientId],
        'uncollected',
      ),
  };
}
