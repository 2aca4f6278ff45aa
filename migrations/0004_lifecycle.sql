-- How long a journey was paused in its present stage entry (pauses that are over), when this run was rolled back without a
-- person (instants as numbers), and who shared the word of whoever passed a shut gate.
alter table journey_states add column paused_ms bigint not null default 0;
alter table journey_states add column rolled_back_at jsonb not null default '[]';
alter table stage_transitions add column confirmed_by varchar(255);
