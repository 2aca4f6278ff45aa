import type { Json, JsonObject } from '#core/json.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Instant } from '#core/time.ts';
import type {
  ApprovalRow,
  EvidenceRow,
  JourneyReader,
  JourneyRow,
  LogEntry,
  ListQuery,
  StoredEvent,
  UnitRow,
} from '#application/dependencies.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';
import { journeyOf, loadJourneys, type LoadedRow } from './load-journeys.ts';

const UNITS = `
select u.work_id, u.stage, u.stage_entry, u.template_id, u.status, u.created_at, u.completed_at,
  (select json_agg(json_build_object('task_id', g.task_id, 'name', d.task ->> 'name', 'intent', g.intent, 'state', g.state,
       'generation', g.generation, 'attempt', g.attempt, 'error', coalesce(w.error, g.error), 'missing', w.missing,
       'retry_at', case when w.state = 'retry_wait' then round(extract(epoch from w.available_at) * 1000)::float8 end) order by g.position)
   from uow_progress g
   join lateral jsonb_array_elements(u.tasks) as d(task) on d.task ->> 'task_id' = g.task_id
   left join uow_tasks w on w.client_id = g.client_id and w.work_id = g.work_id and w.task_id = g.task_id and w.state <> 'cancelled'
   where g.client_id = u.client_id and g.work_id = u.work_id) as tasks
from unit_of_works u
where u.client_id = $1 and ($2::text is null or u.stage = $2)
order by u.stage_entry desc, u.template_id
limit 100`;

const TASK_LOG = `
select seq, ordinal, nullif(task_id, '') as task_id, generation, attempt, type, at, actor, door, data from (
  select e.seq, 0 as ordinal, coalesce(e.data ->> 'task_id', '') as task_id, (e.data ->> 'generation')::integer as generation,
    (e.data ->> 'attempt')::integer as attempt, e.type, e.at, e.actor, e.door, e.data
  from journey_events e
  where e.client_id = $1 and (e.data ->> 'work_id' = $2 or (e.type = 'stage_entered' and exists (
    select 1 from json_array_elements(e.data -> 'units') as u (unit) where u.unit ->> 'work_id' = $2)))
  union all
  select p.after_seq, p.ordinal, p.task_id, p.generation, p.attempt, 'progress', p.at, p.said_by, 'agent',
    json_build_object('message', p.message, 'percent', p.percent)
  from task_progress p where p.client_id = $1 and p.work_id = $2
) as entries
where (seq, ordinal, task_id collate "C") > ($3, $4, $5)
order by seq, ordinal, task_id collate "C"
limit $6`;

export function postgresJourneyReader(database: Database): JourneyReader {
  return {
    journey: async (clientId) => (await readJourneys(database, [clientId])).get(clientId) ?? null,
    versions: async (clientIds) => {
      const rows = await database.query<{ client_id: string; version: number }>(
        'select client_id, version from journey_states where client_id = any($1)',
        [clientIds],
        'journey_versions',
      );
      return new Map(rows.map(({ client_id, version }) => [client_id, version]));
    },
    queuePosition: async ({ clientId, startedAt }) => {
      const [row] = await database.query<{ ahead: number }>(
        `select count(*)::int as ahead from journey_states where status = 'queued' and (started_at, client_id) < ($1, $2)`,
        [timestamptz(startedAt), clientId],
      );
      return (row?.ahead ?? 0) + 1;
    },
    list: (query) => list(database, query),
    candidates: async (clientId, limit) => {
      const rows = await database.query<{ client_id: string }>(
        `(select client_id from journey_states where client_id >= $1 order by client_id limit $2)
         union (select client_id from journey_states where client_id < $1 order by client_id desc limit $2)`,
        [clientId.slice(0, 3), Math.ceil(limit / 2)],
      );
      return rows.map(({ client_id }) => client_id);
    },
    history: (clientId, after, limit) =>
      database.query<StoredEvent & JsonObject>(
        `select seq, type, at, actor, door, request_id, data from journey_events
         where client_id = $1 and seq > $2 order by seq limit $3`,
        [clientId, after, limit],
        'history',
      ),
    taskLog: (clientId, workId, { seq, ordinal, taskId }, limit) =>
      database.query<LogEntry & JsonObject>(TASK_LOG, [clientId, workId, seq, ordinal, taskId, limit], 'task_log'),
    units: async (clientId, stage) => {
      const rows = await database.query<Omit<UnitRow, 'tasks'> & { readonly tasks: UnitRow['tasks'] | null }>(
        UNITS,
        [clientId, stage ?? null],
        'units',
      );
      return rows.map((row) => ({ ...row, tasks: row.tasks ?? [] }));
    },
    evidence: (clientId, limit) =>
      database.query<EvidenceRow & { readonly value: Json }>(
        `select seq, kind, subject, value, observed_at, source, origin, recorded_by, stage_entry from evidence
         where client_id = $1 order by seq desc, ordinal desc limit $2`,
        [clientId, limit],
      ),
    openApprovals: (clientId, clients, limit) =>
      database.query<ApprovalRow & JsonObject>(
        `select approval_id, client_id, stage, check_id, status, digest, outcomes, approvers, min_approvals, votes, requested_at, expires_at,
           reminders, reminded_at
         from approvals where status = 'open' and ($1::text is null or client_id = $1)
           and ($2::text[] is null or client_id = any($2)) order by requested_at, client_id limit $3`,
        [clientId ?? null, clients, limit],
      ),
  };
}

/** As the journal loads them, but on any connection: for reads and for ticks. */
export async function readJourneys(
  database: Database,
  clientIds: readonly string[],
): Promise<ReadonlyMap<string, Journey>> {
  const rows = await database.query<LoadedRow>(loadJourneys, [clientIds], 'load');
  return new Map(rows.map((row) => [row.client_id, journeyOf(row)]));
}

type ListedRow = Omit<JourneyRow, 'waits'> & {
  readonly paused_ms: number;
  readonly paused_weekdays_ms: number;
  readonly completed_at: Instant | null;
};

async function list(
  database: Database,
  { stage, status, startedBy, query, after, clients, limit }: ListQuery,
): Promise<readonly JourneyRow[]> {
  const rows = await database.query<ListedRow & JsonObject>(
    `select client_id, status, current_stage as stage, stage_entry, version, started_at, stage_started_at, config_hash, paused_at,
       paused_ms, paused_weekdays_ms, completed_at
     from journey_states
     where ($1::text is null or current_stage = $1) and ($2::text is null or status = $2)
       and ($3::text is null or strpos(client_id, $3) > 0) and ($4::text is null or client_id > $4)
       and ($5::text[] is null or client_id = any($5)) and ($6::text is null or started_by = $6)
     order by client_id limit $7`,
    [stage ?? null, status ?? null, query ?? null, after ?? null, clients, startedBy ?? null, limit],
  );
  return rows.map(({ paused_ms, paused_weekdays_ms, completed_at, ...row }) => ({
    ...row,
    waits: {
      on: row.status === 'completed' ? null : row.status === 'paused' ? 'paused' : 'us',
      since: completed_at ?? row.paused_at ?? row.stage_started_at,
      spent: { paused: paused_ms },
      pausedWeekdays_ms: paused_weekdays_ms,
    },
  }));
}
