import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import type { TokenRecord, TokenStore } from '#application/dependencies.ts';
import type { Clock } from '#application/ports.ts';
import { system } from '#application/principal.ts';
import { authenticateWith, tokenHash } from '#application/tokens.ts';
import { sleep } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

let at: FreshDatabase;
/** Nothing of the engine's own rounds is to be gone through: only what the time is counts. */
let today = Date.UTC(2026, 0, 1);
const clock: Clock = { journey: () => today, machine: () => today, sleep };
const pass = (by_ms: number): void => void (today += by_ms);
let engine: Engine;

beforeAll(async () => {
  at = await freshEmbedded();
  engine = await engineOn({ database: at.database, clock });
}, 60_000);
afterAll(async () => {
  await engine.stop();
  await at.drop();
});

const make = (name: string, more: Output = {}): Promise<Output> =>
  engine.call('token.create', { name, roles: ['viewer'], ...more }, system);
const come = (token: string): Promise<Output> => engine.orchestrator.authenticate(token, 'rest');
const listed = async (name: string): Promise<Output> =>
  (await engine.call('token.list', {}, system)).tokens.find((one: Output) => one.name === name);

describe('a token that is good for a time', () => {
  test('opens until then, is refused afterwards under a code of its own, and the list shows when', async () => {
    const made = await make('guest', { expires_in: '12h' });
    expect(Date.parse(made.expires_at)).toBe(clock.machine() + 12 * HOUR);
    pass(12 * HOUR - MINUTE);
    expect(await come(made.token)).toMatchObject({ id: 'guest', roles: ['viewer'] });
    pass(MINUTE);
    expect(await come(made.token)).toEqual({
      refused: 'auth.expired',
      message: `The token guest expired at ${made.expires_at}.`,
      hint: expect.stringContaining('token create --expires-in'),
    });
    expect(await listed('guest')).toMatchObject({ expires_at: made.expires_at });
  });

  test.each([['0d'], ['-1d'], ['1w'], ['90'], ['3651d'], ['1.5h'], ['']])(
    '%j is no time that a token is good for',
    async (expires_in) => {
      const problem = await engine.refused('token.create', { name: 'odd', expires_in }, system);
      expect(problem).toMatchObject({
        code: 'input.invalid',
        message: expect.stringMatching(/^expires_in: must be [^;]*$/),
      });
    },
  );

  test('without one it is good for good', async () => {
    const { token, expires_at } = await make('lasting');
    expect(expires_at).toBeNull();
    pass(400 * DAY);
    expect(await come(token)).toMatchObject({ id: 'lasting' });
  });

  test('its name is taken until it is revoked', async () => {
    expect(await engine.refused('token.create', { name: 'lasting' }, system)).toMatchObject({ code: 'token.exists' });
    await engine.call('token.revoke', { token: 'lasting' }, system);
    expect(await make('lasting')).toMatchObject({ name: 'lasting' });
  });
});

test('a token is stored as a hash, and stands in no table', async () => {
  const { token } = await make('hidden');
  const tables = await at.database.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
  );
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables) {
    const rows = await at.database.query(`select count(*)::int as found from ${name} t where t::text like $1`, [
      `%${token.slice(3)}%`,
    ]);
    expect([name, rows]).toEqual([name, [{ found: 0 }]]);
  }
});

describe('when a token was last used', () => {
  test('is in the list', async () => {
    const { token } = await make('used');
    expect(await listed('used')).toMatchObject({ last_used_at: null });
    await come(token);
    const seen = await eventually(
      () => listed('used'),
      ({ last_used_at }) => last_used_at !== null,
      20_000,
    );
    expect(Date.parse(seen.last_used_at)).toBe(today);
  });

  const record: TokenRecord = {
    token_id: 'tok-1',
    name: 'ann',
    kind: 'user',
    roles: ['viewer'],
    clients: null,
    evidence_kinds: [],
    intents: null,
    groups: [],
    local: false,
    created_at: 0,
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
  };
  const overStore = (touch: TokenStore['touch'], time: VirtualClock) =>
    authenticateWith({
      tokens: {
        find: async (hash) => (hash === tokenHash(cryptoIds, 'jo_ann') ? record : null),
        touch,
      } as TokenStore,
      clock: time,
      ids: cryptoIds,
      logger: quiet,
    });

  test('is written once a minute at most, also by a thousand calls at once', async () => {
    const time = virtualClock();
    const touched: number[] = [];
    const authenticate = overStore(async (_id, now) => void touched.push(now), time);
    await Promise.all(Array.from({ length: 1_000 }, () => authenticate('jo_ann', 'rest')));
    expect(touched).toHaveLength(1);
    await time.advance(MINUTE - 1);
    await authenticate('jo_ann', 'rest');
    expect(touched).toHaveLength(1);
    await time.advance(1);
    await authenticate('jo_ann', 'rest');
    expect(touched).toHaveLength(2);
  });

  test('keeps no call waiting, and fails none', async () => {
    const never = overStore(() => new Promise(() => undefined), virtualClock());
    expect(await never('jo_ann', 'rest')).toMatchObject({ id: 'ann' });
    const failing = overStore(() => Promise.reject(new Error('The database is away.')), virtualClock());
    expect(await failing('jo_ann', 'rest')).toMatchObject({ id: 'ann' });
  });
});
