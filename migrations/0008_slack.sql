-- Who a person of another system is here. Ended mappings stay: what somebody did under one can be told for ever.
create table identities (
  provider varchar(20) not null check (provider in ('slack')),
  team_id varchar(64) not null,
  user_id varchar(64) not null,
  ordinal integer not null,
  principal varchar(255) not null,
  roles text[] not null,
  clients text[],
  mapped_at timestamptz not null,
  mapped_by varchar(255) not null,
  unmapped_at timestamptz,
  unmapped_by varchar(255),
  primary key (provider, team_id, user_id, ordinal)
);

create unique index idx_identities_in_force on identities (provider, team_id, user_id) where unmapped_at is null;

-- Requests of Slack that have been acted on, for as long as their signatures would be accepted again.
create table slack_requests (
  request_id varchar(64) primary key,
  at timestamptz not null
);

create index idx_slack_requests_at on slack_requests (at);

-- Where in Slack something of a journey stands: its thread, its cards. What is there is edited, not posted again.
create table slack_messages (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  key varchar(255) not null,
  channel varchar(64) not null,
  ts varchar(64) not null,
  shown json not null,
  posted_at timestamptz not null,
  primary key (client_id, key)
);
