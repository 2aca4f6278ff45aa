-- How long a stage that was left had waited for whom (milliseconds, by party).
alter table stage_transitions add column time_split jsonb;

-- How often the people who were asked have been asked again.
alter table approvals add column reminders integer not null default 0;
alter table approvals add column reminded_at timestamptz;

-- The groups that a token's holder belongs to, as approvers name them.
alter table tokens add column groups text[] not null default '{}';
