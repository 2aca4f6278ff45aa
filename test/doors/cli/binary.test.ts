import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { history, journey } from './answers.ts';
import { ok, serverDouble } from './server-double.ts';

const program = fileURLToPath(new URL('../../../src/cli/journey-cli.ts', import.meta.url));
let dataDir = '';
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'journey-cli-'));
  writeFileSync(join(dataDir, 'admin.token'), 'local-admin-token\n', { mode: 0o600 });
});
afterAll(() => rmSync(dataDir, { recursive: true }));

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** The real program as a shell runs it; `readAtMost` closes the pipe after so many characters, as `head` does. */
async function journeyCli(
  url: string,
  argv: readonly string[],
  { input = '', readAtMost = Infinity } = {},
): Promise<Ran> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, ...argv], {
    env: { PATH, HOME, JOURNEY_API_URL: url, JOURNEY_DATA_DIR: dataDir },
    stdio: 'pipe',
    timeout: 120_000,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.length >= readAtMost) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

test('the program finds the local token, answers in plain text when piped, and ends by itself', async () => {
  await using server = await serverDouble(() => ok(journey));
  const { code, out, err } = await journeyCli(server.url, ['status', '--client-id=client-123']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(server.seen[0]?.headers.authorization).toBe('Bearer local-admin-token');
  expect(out).toContain('Sandbox (sandbox), day 3 of 15');
  expect(out).not.toContain('\u001b');
});

test('the exit codes reach the shell', async () => {
  const gone = await serverDouble(() => ok({}));
  await gone[Symbol.asyncDispose]();
  expect((await journeyCli(gone.url, ['list'])).code).toBe(3);
  expect((await journeyCli(gone.url, ['lst'])).code).toBe(2);
});

test('standard input is read, and the idempotency key of a write is random', async () => {
  await using server = await serverDouble(() =>
    ok({ client_id: 'c', recorded: 1, stage: 'sandbox', not_judged: [] }, 201),
  );
  const { code } = await journeyCli(server.url, ['evidence', 'add', '--client-id=c', '--file=-'], {
    input: '[{"kind":"a","value":1}]',
  });
  expect(code).toBe(0);
  expect(server.seen[0]?.body).toEqual({ observations: [{ kind: 'a', value: 1 }] });
  expect(server.seen[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
});

test('a long answer reaches a pipe whole, and a reader that leaves early is no failure', async () => {
  const seqs = Array.from({ length: 20_000 }, (_, index) => index + 1);
  await using server = await serverDouble(() => ok(history(seqs, null)));
  const argv = ['history', '--client-id=client-123', '--format=json'];
  const whole = await journeyCli(server.url, argv);
  expect((JSON.parse(whole.out) as { events: unknown[] }).events.length).toBe(20_000);
  const { code, err } = await journeyCli(server.url, argv, { readAtMost: 1 });
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test('S138: journey-cli is a bin of the package, which a shell runs by its name alone', async () => {
  const { bin, version } = packageJson;
  // What `npm pack` makes of this file (test/deploy/package.test.ts runs that).
  expect(bin['journey-cli']).toBe('dist/bin/journey-cli.js');
  const named = fileURLToPath(new URL('../../../bin/journey-cli.ts', import.meta.url));
  // Node 24 is the one that npm has installed, as for every npm script.
  const PATH = `${fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url))}:${process.env['PATH']}`;
  const child = spawn(named, ['--version'], { env: { PATH }, stdio: 'pipe', timeout: 120_000 });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, out]).toEqual([0, `${version}\n`]);
});
