-- The guide's three tables under their own names, and what the engine adds.
-- Rules kept from the first migration on, so that the tables can later be distributed by bucket without a rewrite:
-- every client row has `bucket` (a stable hash of client_id, computed in the application) and every key and foreign key
-- contains client_id; the guide's single-column keys stay as unique constraints that nothing refers to; no triggers,
-- no functions as defaults (time is a parameter), no serial as an order. Client ids are compared byte by byte: cheaper
-- than by a language's rules, and pages of them are in the same order on every server.

create table journey_states (
  client_id varchar(255) collate "C" primary key,
  bucket smallint not null,
  run integer not null,
  status varchar(20) not null check (status in ('queued', 'active', 'paused', 'completed')),
  current_stage varchar(50) not null,
  previous_stage varchar(50),
  stage_entry integer not null,
  version integer not null,
  entered_version integer not null,
  holds_slot boolean not null,
  started_at timestamptz not null,
  stage_started_at timestamptz not null,
  paused_at timestamptz,
  completed_stages text[] not null,
  config_hash varchar(64) not null,
  started_by varchar(255) not null,
  inputs jsonb not null,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
) with (fillfactor = 50);

create index idx_journey_current_stage on journey_states (current_stage);
create index idx_journey_started_at on journey_states (started_at);
create index idx_journey_queued on journey_states (started_at, client_id) where status = 'queued';
create index idx_journey_holds_slot on journey_states (client_id) where holds_slot;

-- Events and messages are kept as json: they are written once, read whole, and never searched within.
create table journey_events (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  seq integer not null,
  type varchar(50) not null,
  data json not null,
  actor varchar(255) not null,
  door varchar(20) not null,
  request_id varchar(100) not null,
  at timestamptz not null,
  primary key (client_id, seq)
);

create table unit_of_works (
  work_id varchar(255) not null,
  client_id varchar(255) collate "C" not null references journey_states (client_id) on delete restrict,
  bucket smallint not null,
  stage varchar(50) not null,
  template_id varchar(64) not null,
  stage_entry integer not null,
  status varchar(50) not null check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
  owner integer,
  tasks jsonb not null,
  results jsonb,
  created_at timestamptz not null,
  started_at timestamptz,
  completed_at timestamptz,
  primary key (client_id, stage_entry, template_id),
  constraint unit_of_works_work_id_key unique (work_id)
) with (fillfactor = 80);

create index idx_uow_client_id on unit_of_works (client_id, stage);
create index idx_uow_status on unit_of_works (status, owner) where status in ('pending', 'in_progress');

-- The waiting room: a row only for a task that has left the process or waits for something. The row is the queue entry.
create table uow_tasks (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  work_id varchar(255) not null,
  task_id varchar(64) not null,
  intent varchar(255) not null,
  state varchar(20) not null check (state in ('waiting_for_input', 'ready', 'running', 'retry_wait', 'cancelled')),
  via varchar(20),
  generation integer not null,
  attempt integer not null,
  available_at timestamptz not null,
  owner integer,
  lease_until timestamptz,
  remote_task_id varchar(255),
  input jsonb,
  missing jsonb,
  error jsonb,
  created_at timestamptz not null,
  primary key (client_id, work_id, task_id)
) with (fillfactor = 80);

create index idx_uow_tasks_available on uow_tasks (available_at) where state in ('running', 'retry_wait', 'cancelled');
create index idx_uow_tasks_intent on uow_tasks (intent, available_at) where state = 'ready';

create table stage_transitions (
  transition_id varchar(255) not null,
  client_id varchar(255) collate "C" not null references journey_states (client_id) on delete restrict,
  bucket smallint not null,
  seq integer not null,
  kind varchar(20) not null check (kind in ('start', 'promotion', 'rollback', 'override')),
  result varchar(20) not null check (result in ('success', 'failed', 'rejected', 'timeout')),
  from_stage varchar(50),
  to_stage varchar(50) not null,
  transitioned_at timestamptz not null,
  reason text,
  exit_criteria_results jsonb,
  evidence_hash varchar(64),
  config_version varchar(64) not null,
  approval_ids text[] not null,
  initiated_by varchar(255) not null,
  primary key (client_id, seq),
  constraint stage_transitions_transition_id_key unique (transition_id)
);

create index idx_transitions_client_id on stage_transitions (client_id, transitioned_at desc);
create index idx_transitions_timestamp on stage_transitions (transitioned_at desc);

-- Observations as they came, and of each (kind, subject, origin) the newest: what is judged. The origin is part of the
-- key, so that a word that does not count cannot hide one that does.
create table evidence (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  seq integer not null,
  ordinal integer not null,
  kind varchar(64) not null,
  subject varchar(255) not null,
  value jsonb not null,
  observed_at timestamptz not null,
  source varchar(255) not null,
  origin varchar(255) not null,
  recorded_by varchar(255) not null,
  stage_entry integer not null,
  recorded_at timestamptz not null,
  primary key (client_id, seq, ordinal)
);

create table evidence_current (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  kind varchar(64) not null,
  subject varchar(255) not null,
  origin varchar(255) not null,
  value jsonb not null,
  observed_at timestamptz not null,
  source varchar(255) not null,
  recorded_by varchar(255) not null,
  stage_entry integer not null,
  primary key (client_id, kind, subject, origin)
) with (fillfactor = 80);

create table evaluations (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  stage_entry integer not null,
  check_id varchar(64) not null,
  stage varchar(50) not null,
  outcome varchar(20) not null check (outcome in ('passed', 'failed', 'unknown', 'skipped')),
  code varchar(64) not null,
  message text not null,
  measured jsonb,
  target jsonb,
  observed_at timestamptz,
  judged_at timestamptz not null,
  primary key (client_id, stage_entry, check_id)
);

create table approvals (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  approval_id varchar(255) not null,
  stage varchar(50) not null,
  stage_entry integer not null,
  check_id varchar(64) not null,
  status varchar(20) not null check (status in ('open', 'granted', 'rejected', 'void')),
  digest varchar(64) not null,
  outcomes jsonb not null,
  approvers jsonb not null,
  min_approvals integer not null,
  votes jsonb not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  decided_at timestamptz,
  decided_by varchar(255),
  reason text,
  primary key (client_id, approval_id)
);

create index idx_approvals_open on approvals (requested_at, client_id) where status = 'open';

-- When to look at a journey again. Apart from journey_states, so that the claim's index stays off rows that change often.
create table journey_checks (
  client_id varchar(255) collate "C" primary key,
  bucket smallint not null,
  due_at timestamptz not null
) with (fillfactor = 80);

create index idx_journey_checks_due on journey_checks (due_at);

create table outbox (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  destination varchar(64) not null,
  seq integer not null,
  message json not null,
  state varchar(20) not null check (state in ('waiting', 'unknown', 'delivered', 'dead')),
  attempts integer not null,
  next_attempt_at timestamptz not null,
  created_at timestamptz not null,
  primary key (client_id, destination, seq)
) with (fillfactor = 80);

create table processes (
  epoch integer generated always as identity primary key,
  name varchar(255) not null,
  started_at timestamptz not null,
  lease_until timestamptz not null
) with (fillfactor = 50);

-- The cap on concurrent journeys: one admitter at a time holds this row, and every admission is guarded by it.
create table admission (
  id integer primary key check (id = 1),
  holder integer
);
insert into admission (id, holder) values (1, null);

create table config_versions (
  hash varchar(64) primary key,
  label varchar(64) not null,
  document jsonb not null,
  created_at timestamptz not null
);

create table config_activations (
  activation integer primary key,
  hash varchar(64) not null references config_versions (hash),
  activated_by varchar(255) not null,
  activated_at timestamptz not null
);

create table idempotency_keys (
  principal varchar(255) not null,
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  key varchar(255) not null,
  request_hash varchar(64) not null,
  response jsonb not null,
  at timestamptz not null,
  primary key (client_id, principal, key)
);

create table tokens (
  token_id varchar(64) primary key,
  name varchar(255) not null,
  hash varchar(64) not null unique,
  kind varchar(20) not null check (kind in ('user', 'agent')),
  roles text[] not null,
  clients text[],
  evidence_kinds text[] not null,
  local boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create unique index idx_tokens_name on tokens (name) where revoked_at is null;

-- Each task's state by SQL at any moment: from the waiting room, else from the events, else from its dependencies.
create view uow_progress as
select
  u.client_id,
  u.work_id,
  u.stage,
  u.stage_entry,
  t.ordinality as position,
  t.task ->> 'task_id' as task_id,
  t.task ->> 'agent_intent' as intent,
  case
    when w.state is not null then w.state
    when last.type = 'task_succeeded' then 'succeeded'
    when last.type = 'task_attempt_failed' and last.data ->> 'retry_at' is null then 'failed'
    when u.status = 'cancelled' then 'cancelled'
    when u.status = 'in_progress' and not exists (
      select 1
      from jsonb_array_elements_text(t.task -> 'depends_on') as dependency
      where not exists (
        select 1 from journey_events done
        where done.client_id = u.client_id and done.type = 'task_succeeded'
          and done.data ->> 'work_id' = u.work_id and done.data ->> 'task_id' = dependency
      )
    ) then case when u.owner is null then 'ready' else 'running' end
    else 'planned'
  end as state,
  coalesce(
    w.generation,
    case when last.type = 'tasks_retried' then (
      select 1 + count(*)::integer from journey_events again
      where again.client_id = u.client_id and again.type = 'tasks_retried' and again.data ->> 'work_id' = u.work_id
        and (again.data -> 'task_ids')::jsonb ? (t.task ->> 'task_id')
    ) else (last.data ->> 'generation')::integer end,
    1
  ) as generation,
  coalesce(w.attempt, (last.data ->> 'attempt')::integer, 1) as attempt,
  (last.data -> 'error')::jsonb as error,
  (last.data -> 'output')::jsonb as output
from unit_of_works u
cross join lateral jsonb_array_elements(u.tasks) with ordinality as t (task, ordinality)
left join uow_tasks w
  on w.client_id = u.client_id and w.work_id = u.work_id and w.task_id = t.task ->> 'task_id' and w.state <> 'cancelled'
left join lateral (
  select e.type, e.data
  from journey_events e
  where e.client_id = u.client_id
    and e.type in ('task_succeeded', 'task_attempt_failed', 'task_dispatched', 'tasks_retried')
    and e.data ->> 'work_id' = u.work_id
    and (e.data ->> 'task_id' = t.task ->> 'task_id' or (e.data -> 'task_ids')::jsonb ? (t.task ->> 'task_id'))
  order by e.seq desc
  limit 1
) as last on true;
