import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runner } from 'node-pg-migrate';

import type { Logger } from '#application/ports.ts';
import { JourneyError } from '#core/errors.ts';

import type { Connection } from './connection.ts';
import type { Database } from './database.ts';
import { grantTo } from './grants.ts';
import { asUnavailable } from './unavailable.ts';

/** Where the product's own migrations lie. */
export const migrationsDirectory = fileURLToPath(new URL('../../../migrations', import.meta.url));

export type MigrateOptions = {
  /** Who works with the tables, where that is not their owner. */
  readonly user?: string;
};

type Migration = { readonly name: string; readonly digest: string };

// Any number will do, as long as all replicas of all versions use the same.
const LOCK = 5_163_340_127;
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
// node-pg-migrate cuts a file in two at such a comment, and runs only one part.
const DIRECTION_COMMENT = /^\s*--[\s-]*(?:up|down)\s+migration/im;

/**
 * Brings the schema up to the files of the directory and returns the names of those applied now, all in one transaction.
 * Replicas that start together wait for each other. The user must own the schema. Over a pooler it needs a session, not a
 * transaction, of its own: the lock lasts as long as the connection, so a process that dies lets go.
 */
export async function migrate(
  database: Database,
  directory: string,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  { user }: MigrateOptions = {},
): Promise<readonly string[]> {
  const migrations = await readMigrations(directory);
  const connection = await database.connect({ statementTimeout_ms: null });
  try {
    await connection.query({ text: 'select pg_advisory_lock($1)', values: [LOCK] });
    await refuseChanged(connection, migrations, directory);
    const applied = await applyAll(connection, directory, logger);
    await rememberDigests(connection, migrations);
    if (user !== undefined) await grantTo(connection, user);
    // Fresh tables without statistics are planned badly until the first analyze.
    if (applied.length > 0) await connection.query({ text: 'analyze' });
    await connection.query({ text: 'select pg_advisory_unlock($1)', values: [LOCK] });
    return applied;
  } finally {
    await connection.end();
  }
}

/** The migrations of the directory by name, in their order. */
export const migrationNames = async (directory: string): Promise<readonly string[]> =>
  (await readMigrations(directory)).map(({ name }) => name);

async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(directory, file), 'utf8');
      if (!FILE_NAME.test(file))
        throw invalid(`The migration ${file} is not named like 0001_journeys.sql.`, 'Rename it.');
      if (DIRECTION_COMMENT.test(text)) {
        throw invalid(`The migration ${file} has a comment that marks an up or a down part.`, 'Reword the comment.');
      }
      return { name: file.replace(/\.sql$/, ''), digest: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

async function applyAll(
  connection: Connection,
  directory: string,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
): Promise<readonly string[]> {
  try {
    const applied = await runner({
      dbClient: connection.client,
      dir: directory,
      ignorePattern: String.raw`(?!.*\.sql$).*`,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      singleTransaction: true,
      checkOrder: true,
      // Its own lock is let go before the digests are written and the tables analysed.
      noLock: true,
      logger: {
        info: (message) => logger.info(message),
        warn: (message) => logger.warn(message),
        error: (message) => logger.error(message),
      },
    });
    return applied.map(({ name }) => name);
  } catch (error) {
    const known = asUnavailable(error, 'The database');
    if (known instanceof JourneyError) throw known;
    throw invalid(
      `The migrations in ${directory} could not be applied: ${error instanceof Error ? error.message : String(error)}`,
      'Nothing was changed. The statement is in the log.',
      error,
    );
  }
}

/** A file that was changed after it was applied would describe a schema that no database has. */
async function refuseChanged(
  connection: Connection,
  migrations: readonly Migration[],
  directory: string,
): Promise<void> {
  const { rows: tables } = await connection.query<{ found: boolean }>({
    text: `select to_regclass('schema_migration_digests') is not null as found`,
  });
  if (tables[0]?.found !== true) return;
  const { rows: applied } = await connection.query<Migration>({
    text: 'select name, digest from schema_migration_digests',
  });
  const digests = new Map(applied.map(({ name, digest }) => [name, digest]));
  const changed = migrations.filter(({ name, digest }) => (digests.get(name) ?? digest) !== digest);
  if (changed.length === 0) return;
  throw invalid(
    `${changed.map(({ name }) => `${name}.sql`).join(', ')} in ${directory} changed after being applied to this database.`,
    'Put the file back as it was released and make the change in a new migration.',
  );
}

async function rememberDigests(connection: Connection, migrations: readonly Migration[]): Promise<void> {
  await connection.query({
    text: 'create table if not exists schema_migration_digests (name text primary key, digest text not null)',
  });
  await connection.query({
    text: `insert into schema_migration_digests (name, digest)
      select * from unnest($1::text[], $2::text[]) on conflict (name) do nothing`,
    values: [migrations.map(({ name }) => name), migrations.map(({ digest }) => digest)],
  });
}

const invalid = (message: string, hint: string, cause?: unknown): JourneyError =>
  new JourneyError('settings.invalid', message, hint, undefined, cause === undefined ? undefined : { cause });
