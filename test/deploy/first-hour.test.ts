import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guideEnvironment } from '#test/support/guide/environment.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { top } from './manifests.ts';

/** A process of its own takes its time on a busy machine. */
const PATIENCE_MS = 90_000;

const secrets = {
  SECRET_JOURNEY_DB_PASSWORD: 'a-password-of-the-test',
  SECRET_EVENTSTORE_PASSWORD: 'another-password-of-the-test',
  SECRET_GLEAN_SERVICE_ACCOUNT: 'an-account-of-the-test',
  SECRET_CRM_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

/** What a shell does with the block, and then the server: `set -a` exports what is set. */
function paste(folder: string, secret: Readonly<Record<string, string>>, after = '') {
  const child = spawn(
    '/bin/bash',
    ['--norc', '--noprofile', '-c', `set -a\n${guideEnvironment}\n${after}\nexec "$NODE" src/main.ts`],
    {
      cwd: top,
      env: {
        PATH: process.env['PATH'],
        NODE: process.execPath,
        JOURNEY_DATA_DIR: folder,
        JOURNEY_HTTP_PORT: '0',
        ...secret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: string[] = [];
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  const listening = Promise.withResolvers<string | undefined>();
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      lines.push(line);
      const [, url] = /Listening on (http:\/\/[^"\s]+)/.exec(line) ?? [];
      if (url !== undefined) listening.resolve(url);
    })
    .on('close', () => listening.resolve(undefined));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, err }));
  return { child, lines, url: listening.promise, ended };
}

describe("the guide's environment, pasted into a shell as it stands", () => {
  let at: FreshDatabase;
  let folder: string;
  beforeAll(async () => {
    at = await freshDatabase();
    folder = mkdtempSync(join(tmpdir(), 'journey-first-hour-'));
  });
  afterAll(async () => {
    await at.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    'S44: with its secrets set, and a database where it says one is, it starts and is ready',
    async () => {
      // Only where the database is and who the tests' user is differs from the guide.
      const { hostname, port, pathname, username, password } = new URL(at.url);
      const database = `JOURNEY_STATE_DB_HOST='${hostname}' JOURNEY_STATE_DB_PORT='${port || 5432}'
JOURNEY_STATE_DB_NAME='${pathname.slice(1)}' JOURNEY_STATE_DB_USER='${decodeURIComponent(username)}'`;
      const secret = { ...secrets, SECRET_JOURNEY_DB_PASSWORD: decodeURIComponent(password) || 'none' };
      const { child, url: listening, ended, lines } = paste(folder, secret, database);
      try {
        const url = await listening;
        expect(url ?? lines.join('\n')).toMatch(/^http:/);
        const ready = await fetch(`${url}/ready`);
        expect(ready.status).toBe(200);
        expect(lines.join('\n')).not.toContain(secrets.SECRET_CRM_WEBHOOK_SECRET);
        // The same in the files and in the variables: nothing to choose between.
        expect(lines.filter((line) => line.includes('environment.differs'))).toEqual([]);
      } finally {
        child.kill('SIGTERM');
      }
      expect((await ended).code).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    'S10: without its secrets, one message says what is missing, before anything is connected to',
    async () => {
      const { code, err } = await paste(folder, {}).ended;
      expect(code).toBe(1);
      expect(err.match(/did not start/g)).toHaveLength(1);
      // A shell has made nothing of what was not set. A database may want no password; a signature wants its secret.
      expect(err).toContain('CRM_WEBHOOK_SECRET: missing');
    },
    PATIENCE_MS,
  );

  test(
    'S6: where the database is not where the guide has it, one message says so with its name',
    async () => {
      const { code, err } = await paste(folder, secrets).ended;
      expect(code).toBe(1);
      expect(err.match(/did not start/g)).toHaveLength(1);
      expect(err).toContain('postgres.a-domain.svc.cluster.local');
      expect(err).not.toContain(secrets.SECRET_JOURNEY_DB_PASSWORD);
    },
    PATIENCE_MS,
  );
});
