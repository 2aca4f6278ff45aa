-- Pulled tasks are claimed by a lease, attempts and units have absolute limits, and circuit breakers hold attempts back.

alter table uow_tasks
  drop constraint uow_tasks_state_check,
  add constraint uow_tasks_state_check check (
    state in ('waiting_for_input', 'ready', 'running', 'retry_wait', 'waiting_for_breaker', 'cancelled')
  ),
  -- No sign of life carries an attempt beyond this.
  add column deadline_at timestamptz,
  add column claimed_by varchar(255),
  add column claim_request varchar(255),
  add column heartbeats integer not null default 0;

drop index idx_uow_tasks_available;
create index idx_uow_tasks_available on uow_tasks (available_at)
  where state in ('running', 'retry_wait', 'waiting_for_breaker', 'cancelled');
create index idx_uow_tasks_claimed on uow_tasks (claimed_by, claim_request) where claim_request is not null;

-- What claimers and agents say about their work, the newest of each attempt. `after_seq` is the event that it came after.
create table task_progress (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  work_id varchar(255) not null,
  task_id varchar(64) not null,
  generation integer not null,
  attempt integer not null,
  slot integer not null,
  ordinal integer not null,
  after_seq integer not null,
  message text,
  percent real,
  said_by varchar(255) not null,
  at timestamptz not null,
  primary key (client_id, work_id, task_id, generation, attempt, slot)
);

alter table unit_of_works add column deadline_at timestamptz;
create index idx_uow_deadline on unit_of_works (deadline_at) where status = 'in_progress' and deadline_at is not null;

-- Only what is not at rest has a row that says so; `version` guards every change.
create table breakers (
  key varchar(300) primary key,
  version integer not null,
  state jsonb not null,
  at_rest boolean not null,
  changed_at timestamptz not null
) with (fillfactor = 50);

-- The intents that a token may claim tasks of; null: all.
alter table tokens add column intents text[];
