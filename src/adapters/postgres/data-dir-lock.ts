import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { JourneyError } from '#core/errors.ts';
import type { Instant } from '#core/time.ts';

export type DataDirectoryLock = { readonly release: () => Promise<void> };

type Holder = { readonly pid: number; readonly host: string; readonly since: string };

const SQLITE_BUSY = 5;
// Long enough for a winner to write down who it is, short enough that a second start fails at once for a person.
const WAIT_ms = 500;

/**
 * One process a data directory, by a lock that the kernel releases when the process dies, however it dies. A pid file or a
 * socket beside the directory let two starters in. Throws `data_dir.in_use` naming the holder.
 *
 * POSIX drops a process's lock on a file when it closes any descriptor of it: nothing else may open lock.db.
 */
export async function lockDataDirectory(directory: string, at: Instant): Promise<DataDirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unusable(directory, error);
  });
  const holderFile = join(directory, 'holder.json');
  const lock = await takeLock(directory, holderFile);
  try {
    // Renamed into place, so that nobody reads half of it.
    const own: Holder = { pid: process.pid, host: hostname(), since: new Date(at).toISOString() };
    await writeFile(`${holderFile}.new`, JSON.stringify(own));
    await rename(`${holderFile}.new`, holderFile);
  } catch (error) {
    lock.close();
    throw unusable(directory, error);
  }
  let released = false;
  return {
    release: async () => {
      if (released) return;
      released = true;
      await rm(holderFile, { force: true });
      lock.close();
    },
  };
}

async function takeLock(directory: string, holderFile: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(directory, 'lock.db'), { timeout: WAIT_ms });
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    throw isBusy(error) ? inUse(directory, await readHolder(holderFile)) : unusable(directory, error);
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;

async function readHolder(holderFile: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(holderFile, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function inUse(directory: string, holder: Holder | undefined): JourneyError {
  const by = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
  return new JourneyError(
    'data_dir.in_use',
    `The data directory ${directory} is in use by ${by}.`,
    'Stop that process, or give this one a data directory of its own (JOURNEY_DATA_DIR). Several replicas need a server: JOURNEY_STATE_STORE=postgresql.',
    { directory, ...(holder === undefined ? {} : { pid: holder.pid, host: holder.host, since: holder.since }) },
  );
}

function unusable(directory: string, error: unknown): JourneyError {
  return new JourneyError(
    'settings.invalid',
    `The data directory ${directory} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    'Make the directory writable for this user, or name another one (JOURNEY_DATA_DIR).',
    { directory },
    { cause: error },
  );
}
