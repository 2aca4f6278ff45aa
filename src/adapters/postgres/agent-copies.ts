import type { AgentCopies } from '#application/agent-sources.ts';
import type { JsonObject } from '#core/json.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

/** A catalogue may name others each time that it is read: the oldest copies go. */
const MOST_COPIES = 1_000;
const LONGEST_URL = 2_000;
const LONGEST_ETAG = 1_000;

const KEEP = `
with kept as (
  insert into agent_copies (url, etag, body, kept_at) values ($1, $2, $3, $4)
  on conflict (url) do update set etag = excluded.etag, body = excluded.body, kept_at = excluded.kept_at
)
delete from agent_copies where url in (select url from agent_copies order by kept_at desc, url offset ${MOST_COPIES})`;

export function postgresAgentCopies(database: Database): AgentCopies {
  return {
    find: async (url) => {
      const [row] = await database.query<{ etag: string | null; body: JsonObject }>(
        'select etag, body from agent_copies where url = $1',
        [url],
        'find_agent_copy',
      );
      return row ? { url, ...row } : null;
    },
    keep: async ({ url, etag, body }, at) => {
      if (url.length > LONGEST_URL) return;
      const shortEtag = etag !== null && etag.length > LONGEST_ETAG ? null : etag;
      await database.query(KEEP, [url, shortEtag, JSON.stringify(body), timestamptz(at)], 'keep_agent_copy');
    },
  };
}
