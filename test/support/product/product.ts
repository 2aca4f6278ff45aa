import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '#core/json.ts';
import { eventually, type Output } from '#test/support/engine/orchestrator.ts';

const top = join(import.meta.dirname, '../../..');

export type Product = AsyncDisposable & {
  readonly url: string;
  readonly dataDir: string;
  /** Every line of its log so far. */
  readonly log: readonly Output[];
  readonly get: (
    path: string,
    as?: 'admin' | 'approver',
  ) => Promise<{ status: number; body: Output; headers: Headers }>;
  readonly post: (
    path: string,
    body: JsonObject,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ status: number; body: Output; headers: Headers }>;
  /** SIGKILL: nothing is finished or handed back. */
  readonly kill: () => Promise<void>;
  /** SIGTERM; answers the exit code. */
  readonly stop: () => Promise<number | null>;
};

export type NotStarted = { readonly code: number | null; readonly err: string };

/** The real process, as `npm start` runs it, on a port and in a data directory of its own. */
export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const started = await tryToStart(env);
  if ('err' in started) throw new Error(`The product did not start: ${started.err}`);
  return started;
}

/** A database on a server, as the guide's variables say it. */
export function serverVariables(databaseUrl: string): Readonly<Record<string, string>> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  return {
    JOURNEY_STATE_STORE: 'postgresql',
    JOURNEY_STATE_DB_HOST: hostname,
    JOURNEY_STATE_DB_PORT: port,
    JOURNEY_STATE_DB_NAME: pathname.slice(1),
    JOURNEY_STATE_DB_USER: username,
    JOURNEY_STATE_DB_PASSWORD: '${SECRET_JOURNEY_DB_PASSWORD}',
    SECRET_JOURNEY_DB_PASSWORD: password,
    JOURNEY_STATE_DB_SSLMODE: 'disable',
  };
}

export async function tryToStart(env: Readonly<Record<string, string>>): Promise<Product | NotStarted> {
  const folder = await mkdtemp(join(tmpdir(), 'journey-product-'));
  const dataDir = env['JOURNEY_DATA_DIR'] ?? join(folder, 'data');
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: top,
    env: {
      PATH: process.env['PATH'],
      JOURNEY_DATA_DIR: dataDir,
      JOURNEY_CONFIG_DIR: await agentless(folder),
      JOURNEY_HTTP_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close') as Promise<[number | null]>;
  const log: Output[] = [];
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  createInterface({ input: child.stdout }).on('line', (line) => log.push(JSON.parse(line)));
  const listening = () => log.find(({ message }) => String(message).startsWith('Listening on '));
  await Promise.race([eventually(() => Promise.resolve(listening()), Boolean, 60_000), exited]);
  if (!listening()) {
    const [code] = await exited;
    await rm(folder, { recursive: true, force: true });
    return { code, err };
  }
  const url = String(listening().message).slice('Listening on '.length);
  const token = async (of: string): Promise<string> => (await readFile(join(dataDir, `${of}.token`), 'utf8')).trim();
  const request = async (path: string, init: RequestInit, as = 'admin') => {
    const response = await fetch(`${url}${path}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${await token(as)}` },
    });
    return { status: response.status, body: (await response.json()) as Output, headers: response.headers };
  };
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const [code] = await exited;
    return code;
  };
  return {
    url,
    dataDir,
    log,
    get: (path, as) => request(path, {}, as),
    post: (path, body, headers = {}) =>
      request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    stop,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The real configuration, with its agents where nobody listens: those of the examples may be running beside the tests. */
async function agentless(folder: string): Promise<string> {
  const config = join(folder, 'config');
  await cp(join(top, 'config'), config, { recursive: true });
  const agents = join(config, 'agents.yaml');
  await writeFile(agents, (await readFile(agents, 'utf8')).replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:9'));
  return config;
}
