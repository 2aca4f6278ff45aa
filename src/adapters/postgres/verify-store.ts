import type { Json, JsonObject } from '#core/json.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { StoredClient, VerifyStore } from '#application/verify.ts';
import { timestamptz } from './column-types.ts';
import type { Database, Query } from './database.ts';
import { readJourneys } from './journey-reader.ts';

type OfClient = { readonly client_id: string };
type JourneyRow = OfClient & { readonly events_from: number; readonly version: number };
type EventRow = OfClient & {
  readonly seq: number;
  readonly type: JourneyEvent['type'];
  readonly at: number;
  readonly data: JsonObject;
  readonly actor: string;
  readonly door: string;
  readonly request_id: string;
  readonly erased: boolean;
};

const JOURNEYS = `
select client_id, events_from, version from journey_states
where client_id > $1 and ($2::text is null or client_id = $2) order by client_id limit $3`;

const EVENTS = `
select client_id, seq, type, at, data, actor, door, request_id, erased_hash is not null as erased
from journey_events where client_id = any($1::text[]) order by client_id, seq`;

const UNITS = `select client_id, work_id, status, owner, results from unit_of_works where client_id = any($1::text[])`;

const WAITING = `
select client_id, work_id, task_id, state from uow_tasks where client_id = any($1::text[]) and state <> 'cancelled'`;

// What was given up is no entry into a stage.
const TRANSITIONS = `
select t.client_id, t.seq, t.kind, t.to_stage from stage_transitions t
join journey_states j on j.client_id = t.client_id
where t.client_id = any($1::text[]) and t.seq >= j.events_from and t.result = 'success'`;

const APPROVALS = `select client_id, approval_id, status, votes from approvals where client_id = any($1::text[])`;

// A run that waits in the queue still has the stage entry of the run before.
const VERDICTS = `
select e.client_id, e.check_id, e.outcome, e.code from evaluations e
join journey_states j on j.client_id = e.client_id and j.stage_entry = e.stage_entry
where e.client_id = any($1::text[]) and e.judged_at >= j.started_at`;

// A task at an agent is due from its dispatch on; while a living process follows it, that is as it should be.
// While a journey is paused its retries wait, and its units may be with nobody.
const OVERDUE = `
select client_id, work_id || '/' || task_id || ' has been ' || state || ' since ' || available_at as what
from uow_tasks t
where client_id = any($1::text[]) and state in ('running', 'retry_wait', 'cancelled')
  and available_at < $3 and (lease_until is null or lease_until < $3)
  and (state <> 'running' or not exists (select 1 from processes p where p.epoch = t.owner and p.lease_until >= $3))
  and (state <> 'retry_wait' or not exists (select 1 from journey_states j where j.client_id = t.client_id and j.status = 'paused'))
union all
select u.client_id, u.work_id || ' is in progress with process ' || u.owner || ', whose lease is over'
from unit_of_works u
where u.client_id = any($1::text[]) and u.status = 'in_progress' and u.owner is not null
  and not exists (select 1 from processes p where p.epoch = u.owner and p.lease_until >= $3)
  and not exists (select 1 from journey_states j where j.client_id = u.client_id and j.status = 'paused')
union all
select c.client_id, 'its criteria have been due since ' || c.due_at
from journey_checks c
join journey_states j on j.client_id = c.client_id
where c.client_id = any($1::text[]) and j.status = 'active' and c.due_at < $2`;

export function postgresVerifyStore(database: Database): VerifyStore {
  return {
    page: ({ clientId, after, limit, dueBefore }) =>
      // One snapshot: the engine may be at work while it is looked at.
      database.transaction(
        async (query) => {
          const journeys = await query<JourneyRow>(JOURNEYS, [after, clientId ?? null, limit]);
          return journeys.length === 0 ? [] : readPage(database, query, journeys, dueBefore);
        },
        { isolation: 'repeatable read', readOnly: true },
      ),
    slots: async () => {
      const rows = await database.query<{ config_hash: string; count: number }>(
        `select config_hash, count(*)::int as count from journey_states j
         where holds_slot and not exists (
           select 1 from stage_transitions t where t.client_id = j.client_id and t.kind = 'rollback'
         )
         group by config_hash`,
      );
      return rows.map(({ config_hash, count }) => ({ configHash: config_hash, count }));
    },
    orphans: async (limit) => {
      const rows = await database.query<OfClient>(
        `select distinct e.client_id from journey_events e
         where not exists (select 1 from journey_states j where j.client_id = e.client_id) limit $1`,
        [limit],
      );
      return rows.map(({ client_id }) => client_id);
    },
  };
}

async function readPage(
  database: Database,
  query: Query,
  journeys: readonly JourneyRow[],
  dueBefore: Parameters<VerifyStore['page']>[0]['dueBefore'],
): Promise<readonly StoredClient[]> {
  const ids = journeys.map(({ client_id }) => client_id);
  const of = async <R extends OfClient>(text: string, ...more: readonly unknown[]) =>
    Map.groupBy(await query<R>(text, [ids, ...more]), ({ client_id }) => client_id);
  const loaded = await readJourneys({ ...database, query }, ids);
  const events = await of<EventRow>(EVENTS);
  const units = await of<OfClient & { work_id: string; status: string; owner: number | null; results: Json }>(UNITS);
  const waiting = await of<OfClient & { work_id: string; task_id: string; state: string }>(WAITING);
  const transitions = await of<OfClient & { seq: number; kind: string; to_stage: string }>(TRANSITIONS);
  const approvals = await of<OfClient & { approval_id: string; status: string; votes: readonly string[] }>(APPROVALS);
  const verdicts = await of<OfClient & { check_id: string; outcome: string; code: string }>(VERDICTS);
  const overdue = await of<OfClient & { what: string }>(
    OVERDUE,
    timestamptz(dueBefore.journey),
    timestamptz(dueBefore.machine),
  );
  return journeys.map(({ client_id: id, events_from, version }) => {
    const journey = loaded.get(id) ?? null;
    const recorded = events.get(id) ?? [];
    return {
      clientId: id,
      eventsFrom: events_from,
      version,
      configHashes: [
        ...new Set(
          recorded.flatMap(({ data }) => (typeof data['config_hash'] === 'string' ? [data['config_hash']] : [])),
        ),
      ],
      facts: recorded.map(({ seq, at, type, data, actor, door, request_id, erased }) => ({
        seq,
        at,
        event: { type, ...data } as unknown as JourneyEvent,
        actor,
        door,
        requestId: request_id,
        erased,
      })),
      rows: {
        journey,
        units: (units.get(id) ?? []).map(({ work_id, status, owner, results }) => ({
          workId: work_id,
          status,
          owner,
          results,
        })),
        waiting: (waiting.get(id) ?? []).map(({ work_id, task_id, state }) => ({
          workId: work_id,
          taskId: task_id,
          state,
        })),
        transitions: (transitions.get(id) ?? []).map(({ seq, kind, to_stage }) => ({ seq, kind, to: to_stage })),
        approvals: (approvals.get(id) ?? []).map(({ approval_id, status, votes }) => ({
          id: approval_id,
          status,
          votes,
        })),
        verdicts: (verdicts.get(id) ?? []).map(({ check_id, outcome, code }) => ({ checkId: check_id, outcome, code })),
        overdue: (overdue.get(id) ?? []).map(({ what }) => what),
      },
    };
  });
}
