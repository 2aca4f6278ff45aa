-- How far each client's events have been copied to the event store: one row a client, written once a batch, so that
-- recording an event costs nothing more. The owner and its lease keep two replicas from doing the same work; what keeps
-- the stream right is the revision that each append expects. A client is parked when its stream holds what is not ours.
create table event_cursors (
  client_id varchar(255) collate "C" primary key,
  bucket smallint not null,
  first_seq integer not null,
  relayed_seq integer not null,
  owner integer,
  lease_until timestamptz,
  parked_at timestamptz,
  problem text
) with (fillfactor = 50);
