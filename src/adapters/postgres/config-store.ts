import type { JsonObject } from '#core/json.ts';
import { DAY } from '#core/time.ts';
import type { ConfigStore, RecordedActivation, ReloadFailure, Stranded } from '#application/config-ports.ts';
import { timestamptz } from './column-types.ts';
import { recordAudit } from './audit-store.ts';
import type { Database } from './database.ts';

/** How often an activation may lose its number to another one before something must be wrong. */
const MAX_TRIES = 20;
const NAMED = 10;

export function postgresConfigStore(database: Database): ConfigStore {
  const active = async (): Promise<string | null> => {
    const [row] = await database.query<{ hash: string }>(
      'select hash from config_activations order by activation desc limit 1',
      [],
      'active_config',
    );
    return row?.hash ?? null;
  };
  return {
    keep: async (hash, label, document, at) => {
      await database.query(
        `insert into config_versions (hash, label, document, created_at) values ($1, $2, $3, $4) on conflict (hash) do nothing`,
        [hash, label, JSON.stringify(document), timestamptz(at)],
      );
    },
    document: async (hash) => {
      const [row] = await database.query<{ document: JsonObject }>(
        'select document from config_versions where hash = $1',
        [hash],
      );
      return row?.document ?? null;
    },
    activate: async ({ hash, activated_by, door, process, activated_at }, audit) => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        // Two replicas that start together with the same files make one activation: the second finds the hash active.
        // One that loses its number to another version must try again, or what it activates would never decide.
        const won = await database.transaction(async (query) => {
          const rows = await query(
            `insert into config_activations (activation, hash, activated_by, door, process, activated_at)
           select coalesce(max(activation), 0) + 1, $1::text, $2::text, $3::text, $4::text, $5::timestamptz
           from config_activations
           having coalesce((array_agg(hash order by activation desc))[1], '') <> $1::text
           on conflict (activation) do nothing
           returning activation`,
            [hash, activated_by, door, process, timestamptz(activated_at)],
          );
          if (rows.length > 0) await recordAudit(query, audit);
          return rows.length > 0;
        });
        if (won) return true;
        if ((await active()) === hash) return false;
      }
      throw new Error(`The configuration ${hash} lost its activation ${MAX_TRIES} times.`);
    },
    active,
    activations: (limit, before) =>
      database.query<RecordedActivation>(
        `select a.activation, a.hash, v.label, a.activated_by, a.door, a.process, a.activated_at
         from config_activations a join config_versions v using (hash)
         where a.activation < $2 order by a.activation desc limit $1`,
        [limit, before ?? 2_147_483_647],
      ),
    stranded: (stages) =>
      database.query<Stranded>(
        `select current_stage as stage, count(*)::int as count,
           (array_agg(client_id order by client_id))[1:${NAMED}]::text[] as clients
         from journey_states where status in ('active', 'paused') and current_stage <> all ($1::text[])
         group by current_stage order by current_stage`,
        [stages],
      ),
    failed: async ({ process, failed_at, problems, stranded }) => {
      await database.query(
        `insert into config_reload_failures (process, failed_at, problems, stranded) values ($1, $2, $3, $4)
         on conflict (process) do update set failed_at = $2, problems = $3, stranded = $4, mended_at = null`,
        [process, timestamptz(failed_at), JSON.stringify(problems), JSON.stringify(stranded)],
      );
      await database.query('delete from config_reload_failures where mended_at < $1', [
        timestamptz(failed_at - 30 * DAY),
      ]);
    },
    mended: async (process, at, machineNow) => {
      await database.query(
        `update config_reload_failures f set mended_at = $2 where mended_at is null and (process = $1
           or not exists (select 1 from processes p where p.name = f.process and p.lease_until > $3::timestamptz))`,
        [process, timestamptz(at), timestamptz(machineNow)],
      );
    },
    failures: (limit) =>
      database.query<ReloadFailure>(
        `select process, failed_at, problems, stranded, mended_at from config_reload_failures
         order by failed_at desc limit $1`,
        [limit],
      ),
  };
}
