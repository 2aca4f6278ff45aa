-- What happens here that is of no journey: who gave out a token, mapped a person, made a configuration decide, sent dead
-- letters again. Written in the transaction of what it tells about, and never changed. These rows are the server's, not a
-- client's, also where one is about a client: they stay when it is erased, since they hold nothing that was said of it.
create table audit_log (
  entry_id varchar(64) collate "C" primary key,
  at timestamptz not null,
  type varchar(50) not null,
  actor varchar(255) not null,
  door varchar(20) not null,
  request_id varchar(100) not null,
  subject varchar(255) not null,
  about_client varchar(255) collate "C",
  data json not null
);

create index idx_audit_log_at on audit_log (at, entry_id);

-- Events come in the order of time and are looked through by it only for audits: a few pages of summary are enough.
create index idx_journey_events_at on journey_events using brin (at) with (autosummarize = on);
