-- What tells which day of its stage a journey is in, by the stage's calendar, without its events: how much of the pauses fell
-- on weekdays, and when it was completed.
alter table journey_states add column paused_weekdays_ms bigint not null default 0;
alter table journey_states add column completed_at timestamptz;
