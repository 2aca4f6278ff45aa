import type { JsonObject } from '#core/json.ts';
import { DAY, HOUR, type Instant } from '#core/time.ts';
import type { AuditEntry, AuditQuery, AuditReader, AuditRow } from '#application/audit.ts';
import { timestamptz } from './column-types.ts';
import type { Database, Query } from './database.ts';

/** In the transaction of what the entry tells about. */
export async function recordAudit(query: Query, entry: AuditEntry): Promise<void> {
  const { entry_id, at, type, actor, door, request_id, subject, about_client, data } = entry;
  await query(
    `insert into audit_log (entry_id, at, type, actor, door, request_id, subject, about_client, data)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [entry_id, timestamptz(at), type, actor, door, request_id, subject, about_client, JSON.stringify(data)],
  );
}

// Rows of both are in one order: of the instant, the client, the number in its history, and the id of what has neither.
const LIST = `
select at, about_client as client_id, nullif(of_seq, 0) as seq, nullif(of_entry, '') as entry_id, type, actor, door, request_id,
  subject, data
from (
  (select at, client_id as of_client, seq as of_seq, '' collate "C" as of_entry, type, actor, door, request_id,
     client_id as subject, client_id as about_client, null::json as data
   from journey_events
   where at >= $1 and at <= $2
     and ($3::timestamptz is null or (at, client_id, seq, '' collate "C") < ($3, $4 collate "C", $5, $6 collate "C"))
     and ($7::text is null or actor = $7) and ($8::text is null or client_id = $8) and ($9::text is null or door = $9)
     and ($10::text is null or type = $10) and ($11::text[] is null or client_id = any($11))
   order by at desc, client_id desc, seq desc limit $13)
  union all
  (select at, '' collate "C", 0, entry_id, type, actor, door, request_id, subject, about_client, data
   from audit_log
   where at >= $1 and at <= $2
     and ($3::timestamptz is null or (at, '' collate "C", 0, entry_id) < ($3, $4 collate "C", $5, $6 collate "C"))
     and ($7::text is null or actor = $7) and ($8::text is null or about_client = $8) and ($9::text is null or door = $9)
     and ($10::text is null or type = $10) and ($11::text[] is null or about_client = any($11))
     and ($12::boolean or about_client is not null)
   order by at desc, entry_id desc limit $13)
) as found
order by at desc, of_client desc, of_seq desc, of_entry desc
limit $13`;

/** How far back is looked at once, until a page is full: events have a summary by time, and no order by it. */
const SPANS: readonly number[] = [HOUR, DAY, 30 * DAY, 365 * DAY];
const BEGINNING: Instant = 0;
const END: Instant = Date.UTC(9999, 11, 31);

export function postgresAuditReader(database: Database): AuditReader {
  const page = (query: AuditQuery, from: Instant, to: Instant): Promise<readonly AuditRow[]> => {
    const { before, actor, clientId, door, type, clients, server, limit } = query;
    return database.query<AuditRow & JsonObject>(LIST, [
      timestamptz(from),
      timestamptz(to),
      before === undefined ? null : timestamptz(before.at),
      before?.clientId ?? '',
      before?.seq ?? 0,
      before?.entryId ?? '',
      actor ?? null,
      clientId ?? null,
      door ?? null,
      type ?? null,
      clients,
      server,
      limit,
    ]);
  };
  return {
    list: async (query) => {
      const from = query.from ?? BEGINNING;
      const to = Math.min(query.to ?? END, query.before?.at ?? END);
      // One client's events are found by its id, however long ago.
      for (const span of query.clientId === undefined ? SPANS : []) {
        const since = Math.min(to, query.now) - span;
        if (since <= from) break;
        // oxlint-disable-next-line no-await-in-loop -- most pages are full after the first look.
        const rows = await page(query, since, to);
        if (rows.length >= query.limit) return rows;
      }
      return page(query, from, to);
    },
  };
}
