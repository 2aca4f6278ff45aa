-- Evidence that collectors bring: when it is due again, and why it has not come. A row for each client, collector and kind;
-- due_at is machine time, is pushed forward by a claim, and is what a claim is known by when it is settled.
create table collections (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  collector varchar(64) not null,
  kind varchar(64) not null,
  stage_entry integer not null,
  due_at timestamptz not null,
  failures integer not null default 0,
  problem text,
  problem_since timestamptz,
  tried_at timestamptz,
  primary key (client_id, collector, kind)
) with (fillfactor = 70);

-- Who may be waiting for evidence, however many journeys have long been completed.
create index idx_journey_active on journey_states (config_hash, current_stage, client_id) where status = 'active';
