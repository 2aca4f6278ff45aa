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

/** What the metrics say of all replicas together, as of `now` (journey time). */
export async function readFigures(database: Database, now: Instant): Promise<Omit<Figures, 'agentSources'>> {
  const [journeys, passRates, messages, [due], [approvals], collections] = await Promise.all([
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
  ]);
  return {
    journeys,
    passRates,
    messages,
    dueSince: due?.since ?? null,
    openApprovals: approvals?.count ?? 0,
    collections,
  };
}
