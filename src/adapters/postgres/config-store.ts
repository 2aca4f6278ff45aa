import { JourneyError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { ConfigStore } from '#application/plans.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

export function postgresConfigStore(database: Database): ConfigStore {
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
    activate: async (hash, by, at) => {
      // Two replicas that start together with the same files make one activation: the second finds the hash active.
      await database.query(
        `insert into config_activations (activation, hash, activated_by, activated_at)
         select coalesce(max(activation), 0) + 1, $1::text, $2::text, $3::timestamptz from config_activations
         having coalesce((array_agg(hash order by activation desc))[1], '') <> $1::text
         on conflict (activation) do nothing`,
        [hash, by, timestamptz(at)],
      );
    },
    active: async () => {
      const [row] = await database.query<{ hash: string }>(
        'select hash from config_activations order by activation desc limit 1',
        [],
        'active_config',
      );
      if (!row)
        throw new JourneyError(
          'settings.invalid',
          'No configuration is active.',
          'Start the server: it activates its own.',
        );
      return row.hash;
    },
  };
}
