import type { Logger } from '#application/ports.ts';
import { systemClock } from '#adapters/clock.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { openEmbedded } from '#adapters/postgres/embedded.ts';
import { migrate, migrationsDirectory } from '#adapters/postgres/migrate.ts';
import { openServer } from '#adapters/postgres/server.ts';
import type { Settings } from '#settings/settings.ts';

/** The database that the settings name. */
export function openStore({ store }: Settings, logger: Logger): Promise<Database> {
  if (store.kind === 'embedded')
    return openEmbedded({ dataDir: store.dataDir, startedAt: systemClock().machine(), logger });
  return openServer({
    server: serverOf(store, store.user, store.password),
    sslmode: store.sslmode,
    poolMax: store.poolMax,
    logger,
  });
}

const serverOf = ({ host, port, name }: Settings['store'], user: string, password: string | null) => ({
  host: host ?? '',
  port,
  name,
  user,
  password: password ?? '',
});

/** The application's user is given what it needs, and no right to change the schema or the record, where another one migrates. */
export async function migrateStore({ store }: Settings, database: Database, logger: Logger): Promise<void> {
  if (database.kind === 'embedded' || store.migrationUser === null) {
    await migrate(database, migrationsDirectory, logger);
    return;
  }
  const owner = await openServer({
    server: serverOf(store, store.migrationUser, store.migrationPassword),
    sslmode: store.sslmode,
    poolMax: 1,
    logger,
  });
  try {
    await migrate(owner, migrationsDirectory, logger, store.user === store.migrationUser ? {} : { user: store.user });
  } finally {
    await owner.close();
  }
}
