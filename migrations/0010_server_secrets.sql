-- Keys that all replicas share and nobody types: made by the first process that needs one. They sign what a caller
-- brings back (a confirmation), so that any replica can check it. Not about a client, hence without a bucket.
create table server_secrets (
  name varchar(64) primary key,
  secret varchar(255) not null,
  created_at timestamptz not null
);
