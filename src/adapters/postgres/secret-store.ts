import type { SecretStore } from '#application/dependencies.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

export function postgresSecretStore(database: Database): SecretStore {
  return {
    shared: async (name, fresh, at) => {
      // Whoever comes first decides; the others, and every later start, take what is there.
      await database.query(
        'insert into server_secrets (name, secret, created_at) values ($1, $2, $3) on conflict (name) do nothing',
        [name, fresh, timestamptz(at)],
      );
      const [row] = await database.query<{ secret: string }>('select secret from server_secrets where name = $1', [
        name,
      ]);
      return row?.secret ?? fresh;
    },
  };
}
