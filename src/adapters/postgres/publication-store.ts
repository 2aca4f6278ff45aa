import { bucketOf } from '#core/bucket.ts';
import type { PublicationStore, Unpublished } from '#application/publishing/publish-journeys.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

const CHANGED = `
select j.client_id as "clientId", j.version, p.content_hash as shown,
  exists (
    select 1 from journey_events e where e.client_id = j.client_id and e.seq = j.version and e.type = 'client_erased'
  ) as "isErased"
from journey_states j
left join publications p on p.client_id = j.client_id and p.bucket = j.bucket and p.place = $1
where p.client_id is null or p.version <> j.version or p.rules <> $2
order by j.client_id
limit $3`;

const KEEP = `
insert into publications (client_id, bucket, place, version, rules, content_hash, published_at)
select client_id, bucket, $1, version, $2, content_hash, $3
from unnest($4::text[], $5::int[], $6::int[], $7::text[]) as p (client_id, bucket, version, content_hash)
on conflict (client_id, place) do update set
  version = excluded.version, rules = excluded.rules, content_hash = excluded.content_hash, published_at = excluded.published_at`;

export function postgresPublicationStore(database: Database): PublicationStore {
  return {
    take: async (place, now, until) => {
      const taken = await database.query(
        `insert into publishers as p (place, due_at) values ($1, $3)
         on conflict (place) do update set due_at = excluded.due_at where p.due_at <= $2 returning place`,
        [place, timestamptz(now), timestamptz(until)],
        'take_turn',
      );
      return taken.length > 0;
    },
    move: async (place, heldUntil, until) => {
      const moved = await database.query(
        'update publishers set due_at = $3 where place = $1 and due_at = $2 returning place',
        [place, timestamptz(heldUntil), timestamptz(until)],
        'move_turn',
      );
      return moved.length > 0;
    },
    changed: (place, rules, limit) => database.query<Unpublished>(CHANGED, [place, rules, limit], 'unpublished'),
    keep: async (place, rules, publications, at) => {
      await database.query(
        KEEP,
        [
          place,
          rules,
          timestamptz(at),
          publications.map(({ clientId }) => clientId),
          publications.map(({ clientId }) => bucketOf(clientId)),
          publications.map(({ version }) => version),
          publications.map(({ hash }) => hash),
        ],
        'keep_publications',
      );
    },
    forget: async (place, clientIds) => {
      // Version 0 is no journey's. What is shown is not known either, so that whatever it is gets replaced or removed.
      await database.query(
        `update publications set version = 0, content_hash = '' where client_id = any($1::text[]) and place = $2`,
        [clientIds, place],
        'forget_publications',
      );
    },
  };
}
