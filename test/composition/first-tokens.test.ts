import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresTokenStore } from '#adapters/postgres/token-store.ts';
import { keepFirstTokens } from '#src/composition/first-tokens.ts';
import type { Settings } from '#settings/settings.ts';
import { settingsWith } from '#test/support/engine/fixtures.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

let at: FreshDatabase;
let folder: string;

beforeAll(async () => {
  at = await freshEmbedded();
  folder = await mkdtemp(join(tmpdir(), 'journey-first-tokens-'));
}, 60_000);
afterAll(async () => {
  await at.drop();
  await rm(folder, { recursive: true, force: true });
});

const oidc: Settings['oidc'] = {
  issuer: 'https://id.example',
  audiences: ['journeys'],
  nameClaim: 'sub',
  rolesClaim: 'roles',
  roles: {},
  clientsClaim: null,
  groupsClaim: null,
  algorithms: ['RS256'],
  clockTolerance_ms: 0,
};
const start = (host: string, more: Partial<Settings> = {}): Promise<void> => {
  const settings = settingsWith(folder);
  const tokens = postgresTokenStore(at.database);
  return keepFirstTokens(
    { ...settings, http: { ...settings.http, host }, ...more },
    { tokens, clock: systemClock(), ids: cryptoIds },
  );
};
const names = async (): Promise<readonly string[]> =>
  (await postgresTokenStore(at.database).list()).map(({ name }) => name);

test('S7: without a token that guards it the server does not listen where others reach it', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.7', 'journeys.example'])
    await expect(start(host)).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining(host),
      hint: expect.stringMatching(/JOURNEY_BOOTSTRAP_TOKEN.*JOURNEY_OIDC_ISSUER/),
    });
  expect(await names()).toEqual([]);
});

test('S44: an issuer of tokens guards it as well, and so does a token from a Secret', async () => {
  await start('0.0.0.0', { oidc });
  expect(await names()).toEqual([]);
  await start('0.0.0.0', { bootstrapToken: 'a-token-of-some-length' });
  expect(await names()).toEqual(['bootstrap']);
  await start('0.0.0.0');
});

test('on this machine two tokens are made, which nobody else can read, and both are in the audit', async () => {
  await start('127.0.0.1');
  await start('127.0.0.1');
  expect((await names()).filter((name) => name.startsWith('local-'))).toHaveLength(2);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.token'));
  expect(files.toSorted()).toEqual(['admin.token', 'approver.token']);
  for (const name of files) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  const entries = await at.database.query('select type, actor, door from audit_log order by entry_id');
  expect(entries).toEqual(Array.from({ length: 3 }, () => ({ type: 'token_created', actor: 'system', door: 'start' })));
  const text = JSON.stringify(await at.database.query('select * from audit_log'));
  for (const name of files) expect(text).not.toContain((await readFile(join(folder, name), 'utf8')).trim());
});
