import { decodeColumn, type ColumnType } from './encode.ts';

/**
 * The parts of a flush: each is one data-modifying CTE over its rows. The first three are the guards; the others touch
 * only clients that won there. Fixed parameters: $1 all client ids, $2 journey time, $3 our epoch.
 */
export type PartName = keyof typeof parts;
type Part = { readonly columns: readonly (readonly [string, ColumnType])[]; readonly sql: string };

const won = 'client_id in (select client_id from won)';

/** A journey's state, as it is inserted and as it is moved on. */
const stateColumns = [
  ['run', 'int'],
  ['status', 'id'],
  ['current_stage', 'id'],
  ['previous_stage', 'id'],
  ['stage_entry', 'int'],
  ['version', 'int'],
  ['entered_version', 'int'],
  ['holds_slot', 'bool'],
  ['started_at', 'time'],
  ['stage_started_at', 'time'],
  ['completed_stages', 'list'],
  ['config_hash', 'id'],
  ['started_by', 'text'],
  ['inputs', 'json'],
  ['metadata', 'json'],
  ['paused_at', 'time'],
  ['paused_ms', 'text'],
  ['paused_weekdays_ms', 'text'],
  ['completed_at', 'time'],
  ['rolled_back_at', 'json'],
  ['admits', 'bool'],
] as const;

export const parts = {
  journey_insert: {
    columns: [['client_id', 'id'], ['bucket', 'int'], ...stateColumns],
    sql: `insert into journey_states (client_id, bucket, run, status, current_stage, previous_stage, stage_entry, version, entered_version,
        holds_slot, started_at, stage_started_at, completed_stages, config_hash, started_by, inputs, metadata, paused_at, paused_ms,
        paused_weekdays_ms, completed_at, rolled_back_at, created_at, updated_at)
      select p.client_id, bucket, run, status, current_stage, previous_stage, stage_entry, version, entered_version, holds_slot, started_at,
        stage_started_at, completed_stages::text[], config_hash, started_by, inputs, metadata, paused_at, paused_ms::bigint,
        paused_weekdays_ms::bigint, completed_at, rolled_back_at, $2::timestamptz, $2::timestamptz
      from p where not p.admits or exists (select 1 from held)
      on conflict (client_id) do nothing
      returning client_id`,
  },
  journey_update: {
    columns: [['client_id', 'id'], ['expected', 'int'], ...stateColumns],
    sql: `update journey_states s set run = p.run, status = p.status, current_stage = p.current_stage, previous_stage = p.previous_stage,
        stage_entry = p.stage_entry, version = p.version, entered_version = p.entered_version, holds_slot = p.holds_slot,
        started_at = p.started_at, stage_started_at = p.stage_started_at, completed_stages = p.completed_stages::text[],
        config_hash = p.config_hash, started_by = p.started_by, inputs = p.inputs, metadata = p.metadata,
        paused_at = p.paused_at, paused_ms = p.paused_ms::bigint, paused_weekdays_ms = p.paused_weekdays_ms::bigint,
        completed_at = p.completed_at, rolled_back_at = p.rolled_back_at, updated_at = $2::timestamptz
      from p where s.client_id = any($1::text[]) and s.client_id = p.client_id and s.version = p.expected
        and (not p.admits or exists (select 1 from held))
      returning s.client_id`,
  },
  journey_touch: {
    columns: [
      ['client_id', 'id'],
      ['expected', 'int'],
      ['version', 'int'],
    ],
    sql: `update journey_states s set version = p.version, updated_at = $2::timestamptz
      from p where s.client_id = any($1::text[]) and s.client_id = p.client_id and s.version = p.expected
      returning s.client_id`,
  },
  event: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['seq', 'int'],
      ['type', 'id'],
      ['data', 'plain_json'],
      ['actor', 'text'],
      ['door', 'id'],
      ['request_id', 'text'],
    ],
    sql: `insert into journey_events (client_id, bucket, seq, type, data, actor, door, request_id, at)
      select client_id, bucket, seq, type, data, actor, door, request_id, $2::timestamptz from p where ${won}`,
  },
  unit_insert: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['work_id', 'id'],
      ['stage', 'id'],
      ['template_id', 'id'],
      ['stage_entry', 'int'],
      ['status', 'id'],
      ['owner', 'int'],
      ['tasks', 'json'],
      ['results', 'json'],
      ['completed_at', 'time'],
      ['deadline_at', 'time'],
    ],
    sql: `insert into unit_of_works (client_id, bucket, work_id, stage, template_id, stage_entry, status, owner, tasks, results, created_at, started_at, completed_at, deadline_at)
      select client_id, bucket, work_id, stage, template_id, stage_entry, status, owner, tasks, results, $2::timestamptz, $2::timestamptz, completed_at, deadline_at
      from p where ${won}`,
  },
  unit_update: {
    columns: [
      ['client_id', 'id'],
      ['stage_entry', 'int'],
      ['template_id', 'id'],
      ['status', 'id'],
      ['owner', 'int'],
      ['results', 'json'],
      ['completed_at', 'time'],
      ['deadline_at', 'time'],
    ],
    sql: `update unit_of_works u set status = p.status, owner = p.owner, results = p.results, completed_at = p.completed_at,
        deadline_at = coalesce(p.deadline_at, u.deadline_at)
      from p where u.client_id = any($1::text[]) and u.client_id = p.client_id and u.stage_entry = p.stage_entry
        and u.template_id = p.template_id and p.${won}`,
  },
  room_put: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['work_id', 'id'],
      ['task_id', 'id'],
      ['intent', 'text'],
      ['state', 'id'],
      ['via', 'id'],
      ['generation', 'int'],
      ['attempt', 'int'],
      ['available_at', 'time'],
      ['owner', 'int'],
      ['input', 'json'],
      ['missing', 'json'],
      ['error', 'json'],
      ['deadline_at', 'time'],
    ],
    sql: `insert into uow_tasks (client_id, bucket, work_id, task_id, intent, state, via, generation, attempt, available_at, owner, input, missing, error, deadline_at, created_at)
      select client_id, bucket, work_id, task_id, intent, state, via, generation, attempt, available_at, owner, input, missing, error, deadline_at, $2::timestamptz
      from p where ${won}
      on conflict (client_id, work_id, task_id) do update set state = excluded.state, via = excluded.via, generation = excluded.generation,
        attempt = excluded.attempt, available_at = excluded.available_at, owner = excluded.owner, lease_until = null, remote_task_id = null,
        remote_agent = null, question = null, answer = null,
        input = excluded.input, missing = excluded.missing, error = excluded.error, deadline_at = excluded.deadline_at, claimed_by = null,
        claim_request = null, heartbeats = 0`,
  },
  // The row of a pulled task that was ready, and that whoever claims it has reserved.
  room_claim: {
    columns: [
      ['client_id', 'id'],
      ['work_id', 'id'],
      ['task_id', 'id'],
      ['claimed_by', 'text'],
      ['lease_until', 'time'],
      ['deadline_at', 'time'],
    ],
    sql: `update uow_tasks t set state = 'running', claimed_by = p.claimed_by, lease_until = p.lease_until, deadline_at = p.deadline_at
      from p where t.client_id = any($1::text[]) and t.client_id = p.client_id and t.work_id = p.work_id and t.task_id = p.task_id
        and p.${won}`,
  },
  // What an agent asks for, and what it was answered.
  room_question: {
    columns: [
      ['client_id', 'id'],
      ['work_id', 'id'],
      ['task_id', 'id'],
      ['question', 'json'],
      ['answer', 'json'],
    ],
    sql: `update uow_tasks t set question = p.question, answer = p.answer
      from p where t.client_id = any($1::text[]) and t.client_id = p.client_id and t.work_id = p.work_id and t.task_id = p.task_id
        and p.${won}`,
  },
  room_delete: {
    columns: [
      ['client_id', 'id'],
      ['work_id', 'id'],
      ['task_id', 'id'],
    ],
    sql: `delete from uow_tasks t using p where t.client_id = any($1::text[]) and t.client_id = p.client_id and t.work_id = p.work_id
        and t.task_id = p.task_id and p.${won}`,
  },
  // A task that an agent may be working on stays until the agent has been told to stop; the others are gone at once.
  room_cancel: {
    columns: [
      ['client_id', 'id'],
      ['work_id', 'id'],
      ['available_at', 'time'],
    ],
    sql: `update uow_tasks t set state = 'cancelled', available_at = p.available_at
      from p where t.client_id = any($1::text[]) and t.client_id = p.client_id and t.work_id = p.work_id
        and t.state = 'running' and t.via = 'a2a' and p.${won}`,
  },
  room_clear: {
    columns: [
      ['client_id', 'id'],
      ['work_id', 'id'],
    ],
    sql: `delete from uow_tasks t using p where t.client_id = any($1::text[]) and t.client_id = p.client_id and t.work_id = p.work_id
        and not (t.state = 'running' and t.via = 'a2a') and p.${won}`,
  },
  transition: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['seq', 'int'],
      ['transition_id', 'id'],
      ['kind', 'id'],
      ['from_stage', 'id'],
      ['to_stage', 'id'],
      ['reason', 'text'],
      ['exit_criteria_results', 'json'],
      ['evidence_hash', 'id'],
      ['config_version', 'id'],
      ['approval_ids', 'list'],
      ['initiated_by', 'text'],
      ['confirmed_by', 'text'],
      ['result', 'id'],
      ['time_split', 'json'],
    ],
    sql: `insert into stage_transitions (client_id, bucket, seq, transition_id, kind, result, from_stage, to_stage, transitioned_at, reason,
        exit_criteria_results, evidence_hash, config_version, approval_ids, initiated_by, confirmed_by, time_split)
      select client_id, bucket, seq, transition_id, kind, result, from_stage, to_stage, $2::timestamptz, reason, exit_criteria_results,
        evidence_hash, config_version, approval_ids::text[], initiated_by, confirmed_by, time_split
      from p where ${won}`,
  },
  evidence: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['seq', 'int'],
      ['ordinal', 'int'],
      ['kind', 'id'],
      ['subject', 'text'],
      ['value', 'json'],
      ['observed_at', 'time'],
      ['source', 'text'],
      ['origin', 'text'],
      ['recorded_by', 'text'],
      ['stage_entry', 'int'],
    ],
    sql: `insert into evidence (client_id, bucket, seq, ordinal, kind, subject, value, observed_at, source, origin, recorded_by, stage_entry, recorded_at)
      select client_id, bucket, seq, ordinal, kind, subject, value, observed_at, source, origin, recorded_by, stage_entry, $2::timestamptz from p where ${won}`,
  },
  evidence_current: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['kind', 'id'],
      ['subject', 'text'],
      ['origin', 'text'],
      ['value', 'json'],
      ['observed_at', 'time'],
      ['source', 'text'],
      ['recorded_by', 'text'],
      ['stage_entry', 'int'],
    ],
    sql: `insert into evidence_current as c (client_id, bucket, kind, subject, origin, value, observed_at, source, recorded_by, stage_entry)
      select client_id, bucket, kind, subject, origin, value, observed_at, source, recorded_by, stage_entry from p where ${won}
      on conflict (client_id, kind, subject, origin) do update set value = excluded.value, observed_at = excluded.observed_at,
        source = excluded.source, recorded_by = excluded.recorded_by, stage_entry = excluded.stage_entry
      where (excluded.stage_entry, excluded.observed_at) >= (c.stage_entry, c.observed_at)`,
  },
  evaluation: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['stage_entry', 'int'],
      ['check_id', 'id'],
      ['stage', 'id'],
      ['outcome', 'id'],
      ['code', 'id'],
      ['message', 'text'],
      ['measured', 'json'],
      ['target', 'json'],
      ['observed_at', 'time'],
    ],
    sql: `insert into evaluations (client_id, bucket, stage_entry, check_id, stage, outcome, code, message, measured, target, observed_at, judged_at)
      select client_id, bucket, stage_entry, check_id, stage, outcome, code, message, measured, target, observed_at, $2::timestamptz from p where ${won}
      on conflict (client_id, stage_entry, check_id) do update set outcome = excluded.outcome, code = excluded.code, message = excluded.message,
        measured = excluded.measured, target = excluded.target, observed_at = excluded.observed_at, judged_at = excluded.judged_at`,
  },
  approval_insert: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['approval_id', 'id'],
      ['stage', 'id'],
      ['stage_entry', 'int'],
      ['check_id', 'id'],
      ['status', 'id'],
      ['digest', 'id'],
      ['outcomes', 'json'],
      ['approvers', 'json'],
      ['min_approvals', 'int'],
      ['votes', 'json'],
      ['expires_at', 'time'],
      ['decided_by', 'text'],
      ['reason', 'text'],
      ['decided', 'bool'],
      ['reminders', 'int'],
    ],
    sql: `insert into approvals (client_id, bucket, approval_id, stage, stage_entry, check_id, status, digest, outcomes, approvers, min_approvals, votes,
        requested_at, expires_at, decided_at, decided_by, reason, reminders, reminded_at)
      select client_id, bucket, approval_id, stage, stage_entry, check_id, status, digest, outcomes, approvers, min_approvals, votes,
        $2::timestamptz, expires_at, case when decided then $2::timestamptz end, decided_by, reason,
        reminders, case when reminders > 0 then $2::timestamptz end
      from p where ${won}`,
  },
  approval_update: {
    columns: [
      ['client_id', 'id'],
      ['approval_id', 'id'],
      ['status', 'id'],
      ['votes', 'json'],
      ['decided_by', 'text'],
      ['reason', 'text'],
      ['decided', 'bool'],
      ['said', 'bool'],
      ['reminders', 'int'],
    ],
    sql: `update approvals a set status = p.status, votes = a.votes || p.votes, decided_at = case when p.decided then $2::timestamptz end,
        decided_by = coalesce(p.decided_by, a.decided_by), reason = case when p.said then p.reason else a.reason end,
        reminders = coalesce(p.reminders, a.reminders),
        reminded_at = case when p.reminders is null then a.reminded_at else $2::timestamptz end
      from p where a.client_id = any($1::text[]) and a.client_id = p.client_id and a.approval_id = p.approval_id and p.${won}`,
  },
  check: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['due_at', 'time'],
    ],
    sql: `insert into journey_checks as c (client_id, bucket, due_at) select client_id, bucket, due_at from p where ${won}
      on conflict (client_id) do update set due_at = excluded.due_at where excluded.due_at < c.due_at`,
  },
  outbox: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['destination', 'id'],
      ['seq', 'int'],
      ['message', 'plain_json'],
      ['next_attempt_at', 'time'],
    ],
    sql: `insert into outbox (client_id, bucket, destination, seq, message, state, attempts, next_attempt_at, created_at)
      select client_id, bucket, destination, seq, message, 'waiting', 0, next_attempt_at, $2::timestamptz from p where ${won}`,
  },
  answer: {
    columns: [
      ['client_id', 'id'],
      ['bucket', 'int'],
      ['principal', 'text'],
      ['key', 'text'],
      ['request_hash', 'id'],
      ['response', 'json'],
    ],
    sql: `insert into idempotency_keys (client_id, bucket, principal, key, request_hash, response, at)
      select client_id, bucket, principal, key, request_hash, response, $2::timestamptz from p where ${won}`,
  },
} as const satisfies Record<string, Part>;

export const partNames = Object.keys(parts) as PartName[];
/** The types of each part's columns, in their order. */
export const typesOf = Object.fromEntries(
  partNames.map((name) => [name, parts[name].columns.map(([, type]) => type)]),
) as unknown as { readonly [P in PartName]: readonly ColumnType[] };
const guards = ['journey_insert', 'journey_update', 'journey_touch'] as const;

/** One statement for a combination of parts: what was written is what one transaction recorded, or nothing. */
export function statementOf(present: readonly PartName[], admits: boolean): string {
  let parameter = 4;
  const ctes = present.map((name) => {
    const { columns, sql } = parts[name];
    const source = `unnest(${columns.map(([, type], index) => decodeColumn(parameter + index, type)).join(', ')}) as p(${columns.map(([column]) => column).join(', ')})`;
    parameter += columns.length;
    return { name, sql: sql.replace(/\b(from|using) p\b/, (_, word: string) => `${word} ${source}`) };
  });
  const isGuard = ({ name }: { name: PartName }) => (guards as readonly string[]).includes(name);
  const winners = ctes.filter(isGuard).map(({ name }) => `select client_id from w_${name}`);
  const held = admits ? 'exists (select 1 from held)' : 'true';
  const listed = [
    // A share lock: flushes of the holder's lanes do not wait for each other, but whoever takes the admission over waits for them.
    ...(admits ? ['held as materialized (select 1 from admission where id = 1 and holder = $3::int for share)'] : []),
    ...ctes.filter(isGuard).map(({ name, sql }) => `w_${name} as (${sql})`),
    `won as (${winners.join(' union all ')})`,
    ...ctes.filter((cte) => !isGuard(cte)).map(({ name, sql }) => `w_${name} as (${sql})`),
  ];
  return `with ${listed.join(',\n').replaceAll('exists (select 1 from held)', held)}
    select (select string_agg(client_id, ',') from won) as won, ${held} as held, $1::text[] is null or $2::timestamptz is null or $3::int is null as none`;
}
