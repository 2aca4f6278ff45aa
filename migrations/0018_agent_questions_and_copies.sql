-- Which agent has a task, what it asks for and what was answered; and the last good copies of what agents show.

alter table uow_tasks
  add column remote_agent varchar(255),
  add column question jsonb,
  add column answer jsonb;

-- Cards and catalogues by their URL, for all replicas. Not about a client, hence without a bucket.
create table agent_copies (
  url varchar(2000) primary key,
  etag varchar(1000),
  body json not null,
  kept_at timestamptz not null
);
create index idx_agent_copies_kept on agent_copies (kept_at);
