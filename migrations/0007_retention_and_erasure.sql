-- What may be taken away from the record, and how: the application's role can neither change nor delete events and
-- observations, so these functions do it with their owner's rights, each within the bounds that stand in its where clause.
-- Only whoever may write events may call them.

-- Where a client's events begin: those of a journey that has long been completed are pruned but for its last stage entry,
-- from which it is loaded. And what an event held before it was erased: its SHA-256.
alter table journey_states add column events_from integer not null default 1;
alter table journey_events add column erased_hash varchar(64);

create index idx_journey_unpruned on journey_states (client_id) where status = 'completed' and events_from < entered_version;
-- These rows come in the order of time and are only looked for by it once an hour: a few pages of summary are enough.
create index idx_evidence_recorded_at on evidence using brin (recorded_at) with (autosummarize = on);
create index idx_outbox_created_at on outbox using brin (created_at) with (autosummarize = on);
create index idx_idempotency_keys_at on idempotency_keys using brin (at) with (autosummarize = on);

-- Only what stands before a tombstone (client_erased) of the same client, and only once: the hash is of what was recorded.
create function erase_events(for_client varchar, for_seqs integer[], replacements json[]) returns bigint
language sql security definer set search_path from current
as $$
  with erased as (
    update journey_events e
    set data = r.replacement, erased_hash = encode(sha256(convert_to(e.data::text, 'UTF8')), 'hex')
    from unnest(for_seqs, replacements) as r (seq, replacement)
    where e.client_id = for_client and e.seq = r.seq and e.erased_hash is null and e.type <> 'client_erased'
      and has_table_privilege(session_user, 'journey_events', 'insert')
      and exists (
        select 1 from journey_events t
        where t.client_id = for_client and t.type = 'client_erased' and t.seq > e.seq
      )
    returning 1
  )
  select count(*) from erased
$$;

create function erase_evidence(for_client varchar) returns bigint
language sql security definer set search_path from current
as $$
  with erased as (
    update evidence e set subject = '[erased]', value = 'null'::jsonb, source = '[erased]'
    where e.client_id = for_client
      and has_table_privilege(session_user, 'journey_events', 'insert')
      and exists (
        select 1 from journey_events t
        where t.client_id = for_client and t.type = 'client_erased' and t.seq > e.seq
      )
    returning 1
  )
  select count(*) from erased
$$;

-- Only of completed journeys, and never what the present state is loaded from.
create function prune_events(for_clients varchar[]) returns bigint
language sql security definer set search_path from current
as $$
  with due as (
    select client_id, entered_version from journey_states
    where client_id = any(for_clients) and status = 'completed' and events_from < entered_version
      and has_table_privilege(session_user, 'journey_events', 'insert')
    for update skip locked
  ), gone as (
    delete from journey_events e using due
    where e.client_id = any(for_clients) and e.client_id = due.client_id and e.seq < due.entered_version
    returning 1
  ), moved as (
    update journey_states j set events_from = due.entered_version from due
    where j.client_id = any(for_clients) and j.client_id = due.client_id
  )
  select count(*) from gone
$$;

-- The history of observations; what is judged is in evidence_current.
create function prune_evidence(before timestamptz, most integer) returns bigint
language sql security definer set search_path from current
as $$
  with due as (
    select client_id, seq, ordinal from evidence
    where recorded_at < before and has_table_privilege(session_user, 'journey_events', 'insert')
    limit most
  ), gone as (
    delete from evidence e using due
    where e.client_id = due.client_id and e.seq = due.seq and e.ordinal = due.ordinal
    returning 1
  )
  select count(*) from gone
$$;
