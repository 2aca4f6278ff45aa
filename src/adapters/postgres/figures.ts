import type { Figures } from '#application/meter.ts';
import { DAY, type Instant } from '#core/time.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

const JOURNEYS = `
select current_stage as stage, status, count(*)::int as count, min(stage_started_at) as oldest_started_at
from journey_states where status in ('queued', 'active', 'paused') group by current_stage, status`;

const PASS_RATES = `
select stage, avg(case when outcome in ('passed', 'skipped') then 1.0 else 0.0 end)::float8 as rate
from evaluations where judged_at >= $1 group by stage`;

const MESSAGES = `
select destination, state, count(*)::int as count, min(created_at) as oldest_at
from outbox where state <> 'delivered' group by destination, state`;

const COLLECTIONS = `
select c.collector, c.kind, (count(*) filter (where c.problem is not null))::int as missing, min(c.due_at) as due_since
from collections c
join journey_states j on j.client_id = c.client_id and j.bucket = c.bucket and j.stage_entry = c.stage_entry
where j.status = 'active' group by c.collector, c.kind`;

const EVENT_STORE = `
select coalesce(sum(b.events) filter (where not b.parked), 0)::float8 as behind,
  count(*) filter (where b.parked)::int as parked,
  min(e.at) filter (where not b.parked) as oldest_at
from (
  select j.client_id, coalesce(c.relayed_seq, j.events_from - 1) as relayed_seq,
    j.version - coalesce(c.relayed_seq, j.events_from - 1) as events, c.parked_at is not null as parked
  from journey_states j left join event_cursors c on c.client_id = j.client_id
) as b
join journey_events e on e.client_id = b.client_id and e.seq = b.relayed_seq + 1
where b.events > 0`;

/** What the metrics say of all replicas together, as of `now` (journey time). */
export async function readFigures(
  database: Database,
  now: Instant,
  has: { readonly eventStore: boolean },
): Promise<Omit<Figures, 'agentSources'>> {
  const [journeys, passRates, messages, [due], [approvals], collections, eventStore] = await Promise.all([
    database.query<Figures['journeys'][number]>(JOURNEYS, [], 'figures_journeys'),
    database.query<Figures['passRates'][number]>(PASS_RATES, [timestamptz(now - DAY)], 'figures_pass_rates'),
    database.query<Figures['messages'][number]>(MESSAGES, [], 'figures_messages'),
    database.query<{ since: Instant | null }>('select min(due_at) as since from journey_checks', [], 'figures_due'),
    database.query<{ count: number }>(
      `select count(*)::int as count from approvals where status = 'open'`,
      [],
      'figures_approvals',
    ),
    database.query<Figures['collections'][number]>(COLLECTIONS, [], 'figures_collections'),
    has.eventStore
      ? database.query<NonNullable<Figures['eventStore']>>(EVENT_STORE, [], 'figures_event_store')
      : Promise.resolve([]),
  ]);
  return {
    journeys,
    passRates,
    messages,
    dueSince: due?.since ?? null,
    openApprovals: approvals?.count ?? 0,
    collections,
    eventStore: eventStore[0] ?? null,
  };
}
