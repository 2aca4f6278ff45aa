import { randomBytes } from 'node:crypto';
import { appendFile, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findBinaries, runProgram, type Binaries, type Major } from './binaries.ts';

export type TestServer = {
  /** The superuser's connection to the database postgres. */
  readonly url: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** `immediate` is a crash: the next start has to recover. */
  readonly stop: (mode?: 'fast' | 'immediate') => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops it and removes everything it had. */
  readonly remove: () => Promise<void>;
};

export type TestServerOptions = {
  /** 15 unless said. */
  readonly major?: Major;
  /** `none` is faster and loses data in a crash: only for tests that do not crash the server. */
  readonly durability?: 'full' | 'none';
  /** Lines for postgresql.conf. */
  readonly settings?: readonly string[];
};

const PREFIX = 'journey-postgres-';
const PORT_ATTEMPTS = 5;
const UNDURABLE = ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off'];

/** A PostgreSQL server of its own on a free port, with nothing needed but npm ci. Throws when it cannot start. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  await removeOrphans();
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  // Who to look for before this server may be called an orphan.
  await writeFile(join(home, 'owner'), String(process.pid));
  try {
    const binaries = await findBinaries(home, options.major);
    const password = await initialise(home, binaries, options);
    const port = await firstStart(home, binaries);
    return serverAt(home, binaries, port, password);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

const dataOf = (home: string): string => join(home, 'data');

async function initialise(home: string, { initdb, runAs }: Binaries, options: TestServerOptions): Promise<string> {
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(home, 'password');
  await mkdir(dataOf(home), { mode: 0o700 });
  await writeFile(passwordFile, password);
  await writeFile(join(home, 'log'), '');
  if (runAs !== undefined) {
    const paths = [home, dataOf(home), passwordFile, join(home, 'log')];
    await Promise.all(paths.map((path) => chown(path, runAs.uid, runAs.gid)));
  }
  const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--username=postgres', '--no-sync'];
  await runProgram(initdb, [...flags, `--pwfile=${passwordFile}`, `--pgdata=${dataOf(home)}`], runAs);
  const settings = [
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    'max_connections = 200',
    ...(options.durability === 'none' ? UNDURABLE : []),
    ...(options.settings ?? []),
  ];
  await appendFile(join(dataOf(home), 'postgresql.conf'), `\n${settings.join('\n')}\n`);
  return password;
}

/** Another program may take the port between its choice and its use: then another one is tried. */
async function firstStart(home: string, binaries: Binaries, attempt = 1): Promise<number> {
  const port = await freePort();
  try {
    await startOn(home, binaries, port);
    return port;
  } catch (error) {
    const log = await readFile(join(home, 'log'), 'utf8');
    if (attempt < PORT_ATTEMPTS && log.includes('Address already in use'))
      return firstStart(home, binaries, attempt + 1);
    throw new Error(`PostgreSQL for tests did not start. Its log:\n${log}`, { cause: error });
  }
}

const startOn = (home: string, { pgCtl, runAs }: Binaries, port: number): Promise<void> =>
  runProgram(pgCtl, ['start', '-w', '-D', dataOf(home), '-l', join(home, 'log'), '-o', `-p ${port}`], runAs);

const stopIn = (home: string, { pgCtl, runAs }: Binaries, mode: 'fast' | 'immediate'): Promise<void> =>
  runProgram(pgCtl, ['stop', '-w', '-m', mode, '-D', dataOf(home)], runAs);

function serverAt(home: string, binaries: Binaries, port: number, password: string): TestServer {
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`,
    port,
    dataDirectory: dataOf(home),
    start: () => startOn(home, binaries, port),
    stop: (mode = 'fast') => stopIn(home, binaries, mode),
    remove: async () => {
      await stopIn(home, binaries, 'immediate').catch(() => undefined);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Servers whose tests were killed before they could stop them. */
async function removeOrphans(): Promise<void> {
  const homes = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX)).map((name) => join(tmpdir(), name));
  await Promise.all(
    homes.map(async (home) => {
      const owner = Number(await readFile(join(home, 'owner'), 'utf8').catch(() => Number.NaN));
      // Without an owner it is being made or removed at this moment.
      if (Number.isNaN(owner) || isAlive(owner)) return;
      await stopIn(home, await findBinaries(home), 'immediate').catch(() => undefined);
      await rm(home, { recursive: true, force: true });
    }),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
