-- What telling people needs of the outbox: notices that are held for a while and then go out as one, and of several
-- recipients those who have been reached.

alter table outbox
  -- It was due, and is held until next_attempt_at: no failure.
  add column held boolean not null default false,
  -- The message that it goes out with, and ends with, by client and number; null: it goes out by itself.
  add column gathered_client_id varchar(255) collate "C",
  add column gathered_seq integer,
  -- Recipients that have it already.
  add column reached text[] not null default '{}',
  -- A dead letter that the people who follow the journey have been told of.
  add column dead_told_at timestamptz;

create index idx_outbox_gathered on outbox (destination, gathered_client_id, gathered_seq)
  where gathered_seq is not null and state in ('waiting', 'unknown');
create index idx_outbox_dead_untold on outbox (destination) where state = 'dead' and dead_told_at is null;

-- How many notices a destination has sent in the present window. client_id is '' where all clients share it.
create table notice_windows (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  destination varchar(64) not null,
  opened_at timestamptz not null,
  sent integer not null,
  primary key (client_id, destination)
) with (fillfactor = 50);
