import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PGlite } from '@electric-sql/pglite';
import { inject } from 'vitest';

import type { Database, DatabaseOptions } from '#adapters/postgres/database.ts';
import { serveEngine, startEngine } from '#adapters/postgres/embedded.ts';
import { migrate, migrationsDirectory } from '#adapters/postgres/migrate.ts';
import { openServer } from '#adapters/postgres/server.ts';

export type FreshDatabase = AsyncDisposable & {
  readonly database: Database;
  /** A second process would connect with this; empty for the embedded database. */
  readonly url: string;
  /** Closes the database and removes it. */
  readonly drop: () => Promise<void>;
};

export type FreshOptions = DatabaseOptions & {
  /** Instead of the product's own; null: an empty database. */
  readonly migrations?: string | null;
  /** A server of the test's own, in place of the run's. */
  readonly server?: string;
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The superuser's URL on the run's PostgreSQL server: DATABASE_URL, or the one started for the tests. */
export async function serverUrl(): Promise<string> {
  const response = await fetch(inject('postgresBroker'));
  const answer = await response.text();
  if (!response.ok) throw new Error(`There is no PostgreSQL server to test against.\n${answer}`);
  return answer;
}

/** A new database on a real server with the migrations applied. */
export async function freshDatabase(options: FreshOptions = {}): Promise<FreshDatabase> {
  const server = options.server ?? (await serverUrl());
  const template = await templateFor(server, options.migrations ?? migrationsDirectory, options.migrations === null);
  const name = `journey_test_${randomBytes(8).toString('hex')}`;
  await asSuperuser(server, (admin) => admin.query(`create database ${name} template ${template}`));
  const url = urlOf(server, name);
  const database = await openServer({ ...options, server: url });
  const drop = async (): Promise<void> => {
    await database.close();
    await asSuperuser(server, (admin) => admin.query(`drop database if exists ${name} with (force)`));
  };
  return { database, url, drop, [Symbol.asyncDispose]: drop };
}

const snapshots = new Map<string, Promise<Blob>>();

/** The same in memory, in this process. */
export async function freshEmbedded(options: FreshOptions = {}): Promise<FreshDatabase> {
  const directory = options.migrations === undefined ? migrationsDirectory : options.migrations;
  const key = directory ?? '';
  const snapshot = snapshots.get(key) ?? takeSnapshot(directory);
  snapshots.set(key, snapshot);
  const loadDataDir = await snapshot;
  const database = await serveEngine(() => startEngine({ loadDataDir }), 'in memory', options);
  const drop = (): Promise<void> => database.close();
  return { database, url: '', drop, [Symbol.asyncDispose]: drop };
}

async function takeSnapshot(directory: string | null): Promise<Blob> {
  let engine: PGlite | undefined;
  const database = await serveEngine(async () => (engine = await startEngine()), 'in memory');
  if (directory !== null) await migrate(database, directory, quiet);
  if (engine === undefined) throw new Error('The engine was not started.');
  const snapshot = await engine.dumpDataDir('none');
  await database.close();
  return snapshot;
}

/** Copying a migrated database is faster than migrating each one; its name holds the digest of the files. */
async function templateFor(server: string, directory: string, empty: boolean): Promise<string> {
  if (empty) return 'template0';
  const template = `journey_template_${await digestOf(directory)}`;
  await asSuperuser(server, async (admin) => {
    const connection = await admin.connect();
    // One of the workers makes it, the others wait. The lock ends with the connection.
    await connection.query({ text: 'select pg_advisory_lock(hashtext($1))', values: [template] });
    const { rows } = await connection.query({
      text: 'select 1 from pg_database where datname = $1',
      values: [template],
    });
    if (rows.length > 0) return;
    const unfinished = `${template}_unfinished`;
    await admin.query(`drop database if exists ${unfinished} with (force)`);
    await admin.query(`create database ${unfinished} template template0`);
    const database = await openServer({ server: urlOf(server, unfinished) });
    try {
      await migrate(database, directory, quiet);
    } finally {
      await database.close();
    }
    await admin.query(`alter database ${unfinished} rename to ${template}`);
  });
  return template;
}

async function digestOf(directory: string): Promise<string> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
  const digest = createHash('sha256');
  for (const text of await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8'))))
    digest.update(text);
  return digest.update(files.join()).digest('hex').slice(0, 16);
}

async function asSuperuser(server: string, work: (admin: Database) => Promise<unknown>): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const admin = await openServer({ server, poolMax: 1 });
  closing.defer(() => admin.close());
  await work(admin);
}

function urlOf(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}
