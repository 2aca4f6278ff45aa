import type { EventCursor, EventCursors } from '#application/event-relay/cursors.ts';
import type { StoredEvent } from '#application/dependencies.ts';
import type { JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

type Row = { readonly client_id: string; readonly first_seq: number; readonly relayed_seq: number };
type FoundRow = Row & { readonly parked_at: Instant | null; readonly problem: string | null };

/** A client without a cursor has copied nothing: its stream begins with the first event that is kept. */
const IS_BEHIND = 'j.version > coalesce(c.relayed_seq, j.events_from - 1)';

const BEHIND = `
with examined as (
  select client_id, version, events_from from journey_states where client_id > $1 order by client_id limit $2
)
select max(j.client_id) as last, count(*)::int as count,
  array_agg(j.client_id) filter (where ${IS_BEHIND} and c.parked_at is null) as client_ids
from examined j left join event_cursors c on c.client_id = j.client_id`;

// Free, or of a process that lives no more, or whose lease is over though it lives: asleep, or it hangs.
// In the order of the ids, so that two replicas that want the same clients wait for each other and do not lock each other out.
const CLAIM = `
insert into event_cursors as c (client_id, bucket, first_seq, relayed_seq, owner, lease_until)
select j.client_id, j.bucket, j.events_from, j.events_from - 1, $2, $4
from journey_states j left join event_cursors c on c.client_id = j.client_id
where j.client_id = any($1::text[]) and ${IS_BEHIND}
order by j.client_id
on conflict (client_id) do update set owner = excluded.owner, lease_until = excluded.lease_until
where c.parked_at is null and (c.lease_until is null or c.lease_until <= $3 or not exists (
  select 1 from processes p where p.epoch = c.owner and p.lease_until > $3
))
returning c.client_id, c.first_seq, c.relayed_seq`;

// Each event costs what all before it hold as well: what does not fit into the append is not sent to us either.
const EVENTS = `
select seq, type, at, actor, door, request_id, data from (
  select e.*, sum(octet_length(data::text)) over (order by seq) - octet_length(data::text) as bytes_before
  from (select * from journey_events where client_id = $1 and seq > $2 order by seq limit $3) as e
) as e where bytes_before < $4 order by seq`;

const cursorOf = ({ client_id, first_seq, relayed_seq }: Row): EventCursor => ({
  clientId: client_id,
  firstSeq: first_seq,
  relayedSeq: relayed_seq,
});

export function postgresEventCursors(database: Database): EventCursors {
  return {
    behind: async (after, examined) => {
      const [row] = await database.query<{ last: string | null; count: number; client_ids: string[] | null }>(
        BEHIND,
        [after, examined],
        'events_behind',
      );
      return { clientIds: row?.client_ids ?? [], next: row?.count === examined ? row.last : null };
    },
    claim: async ({ clientIds, epoch, machineNow, leaseUntil }) => {
      const values = [clientIds, epoch, timestamptz(machineNow), timestamptz(leaseUntil)];
      return (await database.query<Row>(CLAIM, values, 'claim_events')).map(cursorOf);
    },
    events: (clientId, after, { events, bytes }) =>
      database.query<StoredEvent & JsonObject>(EVENTS, [clientId, after, events, bytes], 'events_to_copy'),
    move: async ({ clientId, relayedSeq }, to, epoch, leaseUntil) => {
      const moved = await database.query(
        `update event_cursors set relayed_seq = $3, lease_until = $5
         where client_id = $1 and relayed_seq = $2 and owner = $4 returning 1`,
        [clientId, relayedSeq, to, epoch, timestamptz(leaseUntil)],
        'move_events',
      );
      return moved.length > 0;
    },
    release: async ({ clientId, relayedSeq }, epoch) => {
      await database.query(
        `update event_cursors set owner = null, lease_until = null
         where client_id = $1 and relayed_seq = $2 and owner = $3`,
        [clientId, relayedSeq, epoch],
        'release_events',
      );
    },
    park: async ({ clientId, relayedSeq }, epoch, { at, problem }) => {
      await database.query(
        `update event_cursors set parked_at = $4, problem = $5
         where client_id = $1 and relayed_seq = $2 and owner = $3`,
        [clientId, relayedSeq, epoch, timestamptz(at), problem],
      );
    },
    resume: async (clientId) => {
      const resumed = await database.query(
        `update event_cursors set parked_at = null, problem = null
         where client_id = $1 and parked_at is not null returning 1`,
        [clientId],
      );
      return resumed.length > 0;
    },
    find: async (clientId) => {
      const [row] = await database.query<FoundRow>(
        'select client_id, first_seq, relayed_seq, parked_at, problem from event_cursors where client_id = $1',
        [clientId],
      );
      if (!row) return null;
      const parked = row.parked_at === null ? null : { at: row.parked_at, problem: row.problem ?? '' };
      return { ...cursorOf(row), parked };
    },
    parkedCount: async () => {
      const [row] = await database.query<{ count: number }>(
        'select count(*)::int as count from event_cursors where parked_at is not null',
      );
      return row?.count ?? 0;
    },
  };
}
