import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { PGlite, type PGliteOptions } from '@electric-sql/pglite';

import type { Instant } from '#core/time.ts';

import { lockDataDirectory } from './data-dir-lock.ts';
import { openDatabase, type Database, type DatabaseOptions } from './database.ts';
import { pgliteWire } from './pglite-wire.ts';
import { unavailableStore } from './unavailable.ts';

export type EmbeddedOptions = DatabaseOptions & {
  /** The database lies in `<dataDir>/database`; without it in memory, for tests. */
  readonly dataDir?: string;
  /** The time that a second process is told this one started at. */
  readonly startedAt: Instant;
};

// One session serves all; a few connections are enough that a caller waits in the queue of turns, not for a connection.
const EMBEDDED_POOL_MAX = 4;

/**
 * PGlite in this process. Throws `data_dir.in_use` when another process has the directory: two would corrupt it.
 *
 * It survives the death of the process, not that of the machine: it never calls fsync. Production wants a server.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  if (options.dataDir === undefined) return serveEngine(() => startEngine(), 'in memory', options);
  const dataDir = resolve(options.dataDir);
  const lock = await lockDataDirectory(dataDir, options.startedAt);
  const directory = join(dataDir, 'database');
  try {
    await createDatabase(directory);
    return await serveEngine(
      () => startEngine({ dataDir: directory }),
      `in ${directory}`,
      options,
      () => lock.release(),
    );
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A Database over PGlite engines that `open` makes: one now, and another should that one stop. */
export async function serveEngine(
  open: () => Promise<PGlite>,
  place: string,
  options: DatabaseOptions = {},
  afterClose: () => Promise<void> = () => Promise.resolve(),
): Promise<Database> {
  const name = `The embedded database ${place}`;
  const wire = pgliteWire(open);
  await wire.start().catch((error: unknown) => {
    throw unavailableStore(error, name);
  });
  const close = async (): Promise<void> => {
    await wire.close();
    await afterClose();
  };
  // All of these are given, so that pg looks for none of them in the environment.
  const address = { host: 'embedded', port: 5432, user: 'postgres', password: 'postgres', database: 'postgres' };
  const config = { ...address, ssl: false, stream: wire.connect };
  return openDatabase({ kind: 'embedded', name, config, close }, { poolMax: EMBEDDED_POOL_MAX, ...options });
}

/** Sessions in UTC, as on a server. */
export const startEngine = (options: PGliteOptions = {}): Promise<PGlite> =>
  PGlite.create({ ...options, startParams: [...PGlite.defaultStartParams, '-c', 'timezone=UTC'] });

/** Made elsewhere and moved in place, so that a process killed in the middle leaves nothing that looks like a database. */
async function createDatabase(directory: string): Promise<void> {
  if (existsSync(directory)) return;
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const engine = await startEngine({ dataDir: unfinished });
  await engine.close();
  await rename(unfinished, directory);
}
