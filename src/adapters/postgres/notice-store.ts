import { bucketOf } from '#core/bucket.ts';
import type { JsonObject } from '#core/json.ts';
import type { Gathered, NoticeStore, NoticeWindow } from '#application/notifications/notice-store.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

// One row is what all replicas agree on: of two that ask for the last place at once, one gets it.
const PLACE = `
insert into notice_windows as w (client_id, bucket, destination, opened_at, sent) values ($1, $2, $3, $4, 1)
on conflict (client_id, destination) do update set
  opened_at = case when w.opened_at <= $5 then excluded.opened_at else w.opened_at end,
  sent = case when w.opened_at <= $5 then 1 else w.sent + 1 end
where w.opened_at <= $5 or w.sent < $6
returning sent`;

// Whoever has locked the first message of a client that is left has all that wait behind it: nobody claims those. The
// leader's own client needs no lock, because the leader is claimed. What may have arrived keeps its own message.
const GATHER = `
with heads as (
  select o.client_id from outbox o
  where o.destination = $1 and o.client_id <> $2 and not $5 and o.state = 'waiting' and o.owner is null
    and o.gathered_seq is null and o.next_attempt_at <= $4 and not exists (
      select 1 from outbox e where e.client_id = o.client_id and e.destination = $1 and e.seq < o.seq
        and e.state in ('waiting', 'unknown'))
  order by o.next_attempt_at, o.client_id limit $6
  for update of o skip locked
), members as (
  select o.client_id, o.seq from outbox o
  where o.destination = $1 and (o.client_id = $2 or o.client_id in (select client_id from heads))
    and o.state = 'waiting' and o.owner is null and o.gathered_seq is null and o.next_attempt_at <= $4
    and not exists (
      select 1 from outbox e where e.client_id = o.client_id and e.destination = $1 and e.seq <> o.seq
        and e.state in ('waiting', 'unknown') and not (e.client_id = $2 and e.seq = $3)
        and (e.owner is not null
          or (e.seq < o.seq and (e.state = 'unknown' or e.gathered_seq is not null or e.next_attempt_at > $4))))
  order by o.client_id, o.seq limit $6
)
update outbox o set gathered_client_id = $2, gathered_seq = $3 from members m
where o.client_id = m.client_id and o.destination = $1 and o.seq = m.seq
returning o.seq`;

const GATHERED = `
select client_id, seq, message, attempts, held, reached from outbox
where destination = $1 and gathered_client_id = $2 and gathered_seq = $3 and state = 'waiting'
order by created_at, client_id, seq`;

type Row = {
  readonly client_id: string;
  readonly seq: number;
  readonly message: { readonly type: string; readonly timestamp: string; readonly data: JsonObject };
  readonly attempts: number;
  readonly held: boolean;
  readonly reached: readonly string[];
};

const keyOf = ({ clientId, destination }: NoticeWindow): readonly [string, string] => [clientId ?? '', destination];

export function postgresNoticeStore(database: Database): NoticeStore {
  return {
    place: async (window, now) => {
      const [client, destination] = keyOf(window);
      const { most, window_ms } = window;
      const over = timestamptz(now - window_ms);
      const taken = await database.query<{ sent: number }>(
        PLACE,
        [client, bucketOf(client), destination, timestamptz(now), over, most],
        'take_notice_place',
      );
      const [row] = taken;
      if (row) return { granted: true, isLast: row.sent >= most };
      const [open] = await database.query<{ opened_at: number }>(
        'select opened_at from notice_windows where client_id = $1 and destination = $2',
        [client, destination],
      );
      return { granted: false, until: (open?.opened_at ?? now - window_ms) + window_ms };
    },
    giveBack: async (window) => {
      await database.query(
        'update notice_windows set sent = greatest(sent - 1, 0) where client_id = $1 and destination = $2',
        keyOf(window),
      );
    },
    gather: async ({ destination, clientId, seq }, { more, ownClient, limit, now }) => {
      const leader = [destination, clientId, seq];
      if (more) await database.query(GATHER, [...leader, timestamptz(now), ownClient, limit], 'gather_notices');
      const rows = await database.query<Row>(GATHERED, leader);
      return rows.map(({ client_id, message, attempts, ...row }): Gathered => ({
        clientId: client_id,
        ...message,
        ...row,
        attempt: attempts + 1,
        mayHaveArrived: false,
      }));
    },
  };
}
