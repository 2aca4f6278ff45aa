import { bucketOf } from '#core/bucket.ts';
import { MINUTE } from '#core/time.ts';
import type { SlackMessage, SlackStore } from '#application/slack-store.ts';
import type { JsonObject } from '#core/json.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

/** Longer than a signature is accepted (5 minutes, both ways), so that none is forgotten while it could come again. */
const REMEMBERED_MS = 15 * MINUTE;

export function postgresSlackStore(database: Database): SlackStore {
  return {
    claim: async (requestId, at) => {
      const rows = await database.query(
        `with forgotten as (delete from slack_requests where at < $3)
         insert into slack_requests (request_id, at) values ($1, $2) on conflict do nothing returning request_id`,
        [requestId, timestamptz(at), timestamptz(at - REMEMBERED_MS)],
        'claim_slack_request',
      );
      return rows.length > 0;
    },
    message: async (clientId, key) => {
      const [row] = await database.query<SlackMessage & JsonObject>(
        'select key, channel, ts, shown from slack_messages where client_id = $1 and key = $2',
        [clientId, key],
        'find_slack_message',
      );
      return row ?? null;
    },
    keep: async (clientId, { key, channel, ts, shown }, at) => {
      await database.query(
        `insert into slack_messages (client_id, bucket, key, channel, ts, shown, posted_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (client_id, key) do update set channel = excluded.channel, ts = excluded.ts, shown = excluded.shown`,
        [clientId, bucketOf(clientId), key, channel, ts, JSON.stringify(shown), timestamptz(at)],
        'keep_slack_message',
      );
    },
  };
}
