-- What the relay needs to deliver the messages of the outbox: who is at it, what came of it, and the heads that are due.

alter table outbox
  -- The epoch of the process that is delivering it until next_attempt_at; null: nobody is.
  add column owner integer,
  -- Attempts that count towards giving up. `attempts` counts all, also those that only showed the destination to be down.
  add column failures integer not null default 0,
  add column problem text,
  add column last_attempt_at timestamptz,
  add column delivered_at timestamptz;

create index idx_outbox_due on outbox (destination, next_attempt_at) where state in ('waiting', 'unknown');
create index idx_outbox_dead on outbox (client_id, destination, seq) where state = 'dead';
