import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { cryptoIds } from '#adapters/ids.ts';
import { refuse } from '#core/errors.ts';
import { entrance } from '#http/entrance.ts';
import { sleep } from '#adapters/clock.ts';
import { serve } from '#http/serve.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { ann, door, problemIn } from './fakes.ts';

/** One call a second each: ten at once, and then one for every second. */
function limited(callsPerSecond = 1, refusalsPerSecond = 1) {
  let now = 0;
  let asked = 0;
  const at = entrance({
    authenticate: async (token) => {
      asked += 1;
      return token.startsWith('good-') ? { ...ann, id: token } : refuse('auth.invalid', 'The token is not known here.');
    },
    callsPerSecond,
    refusalsPerSecond,
    ids: cryptoIds,
    now: () => now,
  });
  const { app, executed } = door({ entrance: at });
  const call = (token: string | undefined, address = '192.0.2.7', path = '/api/v1/things/t1') =>
    app.request(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }, from(address));
  return { app, call, executed, asked: () => asked, pass: (ms: number) => void (now += ms) };
}

const from = (remoteAddress: string): { incoming: Partial<IncomingMessage> } => ({
  incoming: { socket: { remoteAddress } as IncomingMessage['socket'] },
});
const times = async (count: number, call: () => Response | Promise<Response>): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await call()).status);
  return statuses;
};

describe('how often a principal may call', () => {
  test('beyond its burst it is told when to come again, and the others are not held up', async () => {
    const { call, executed, pass } = limited();
    expect(await times(10, () => call('good-ann'))).toEqual(Array.from({ length: 10 }, () => 200));
    const refused = await call('good-ann');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemIn(refused)).toMatchObject({
      status: 429,
      code: 'calls.too_many',
      detail: 'good-ann makes more than 1 calls a second.',
      retryable: true,
    });
    expect(executed).toHaveLength(10);
    expect((await call('good-ben')).status).toBe(200);
    pass(1_000);
    expect(await times(2, () => call('good-ann'))).toEqual([200, 429]);
  });

  test('it counts the principal, wherever it calls from', async () => {
    const { call } = limited();
    await times(10, () => call('good-ann', '192.0.2.7'));
    expect((await call('good-ann', '198.51.100.9')).status).toBe(429);
  });

  test('probes and metrics are asked as often as somebody likes', async () => {
    const { call } = limited();
    await times(30, () => call(undefined));
    for (const path of ['/health', '/ready', '/metrics'])
      expect(new Set(await times(30, () => call(undefined, '192.0.2.7', path)))).toEqual(new Set([200]));
  });
});

describe('who comes without a valid token', () => {
  test.each([
    ['no token', undefined],
    ['a wrong one', 'guess'],
  ])('with %s is stopped after a few, by address', async (_what, token) => {
    const { call, pass } = limited();
    expect(await times(12, () => call(token))).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const refused = await call(token);
    expect(await problemIn(refused)).toMatchObject({
      code: 'calls.too_many',
      detail: expect.stringContaining('address'),
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(token, '198.51.100.9')).status, 'from elsewhere').toBe(401);
    pass(3_000);
    expect((await call(token)).status, 'later').toBe(401);
  });

  test('guesses cost no look into the database once there were too many', async () => {
    const { call, asked } = limited();
    for (let n = 0; n < 50; n += 1) await call(`guess-${n}`);
    expect(asked()).toBe(10);
  });

  test('who was let in before is let in from the same address, as behind an ingress; who is new there waits', async () => {
    const { call, pass } = limited(100);
    expect((await call('good-ann')).status).toBe(200);
    await times(20, () => call('guess'));
    expect((await call('good-ann')).status).toBe(200);
    expect((await call('good-new')).status).toBe(429);
    pass(1_000);
    expect((await call('good-new')).status).toBe(200);
  });

  test('one machine has many addresses of IPv6, and one of IPv4 in two spellings', async () => {
    const six = limited();
    await times(10, () => six.call('guess', '2001:db8:1:2::1'));
    expect((await six.call('guess', '2001:db8:1:2:ffff:1:2:3')).status).toBe(429);
    expect((await six.call('guess', '2001:db8:1:3::1')).status).toBe(401);
    const four = limited();
    await times(10, () => four.call('guess', '192.0.2.7'));
    expect((await four.call('guess', '::ffff:192.0.2.7')).status).toBe(429);
  });

  test('over a real socket the address is that of the connection, whatever headers say', async () => {
    const { app } = limited();
    const server = await serve({ app, host: '127.0.0.1', port: 0, logger: quiet, sleep });
    const guess = (n: number): Promise<Response> =>
      fetch(`${server.url}/api/v1/things/t1`, {
        headers: { authorization: 'Bearer guess', 'x-forwarded-for': `198.51.100.${n}` },
      });
    for (let n = 0; n < 10; n += 1) expect((await guess(n)).status).toBe(401);
    expect((await guess(11)).status).toBe(429);
    await server.close(1_000);
  });
});
