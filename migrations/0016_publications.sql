-- What of a journey others show: the version that was looked at last, and a digest of what was published of it (null:
-- nothing is). `rules` is a digest of how it is shown and to whom: when that changes, everything is published anew.
create table publications (
  client_id varchar(255) collate "C" not null,
  bucket smallint not null,
  place varchar(64) not null,
  version integer not null,
  rules varchar(64) not null,
  content_hash varchar(64),
  published_at timestamptz not null,
  primary key (client_id, place)
) with (fillfactor = 70);

-- When a place is published to again. Taking the turn pushes due_at forward, so that one replica at a time publishes.
create table publishers (
  place varchar(64) primary key,
  due_at timestamptz not null
) with (fillfactor = 50);
