import { describe, expect, it } from 'vitest';
import { JourneyError } from '#core/errors.ts';
import { problemOf } from '#application/execute.ts';
import { bearer, door, posting, problemIn, TOKEN } from './fakes.ts';

describe('what a caller gets back', () => {
  it('S139: a 201 says where what was made is found', async () => {
    const { app } = door();
    const response = await app.request('/api/v1/things/t1/parts', posting('{"colour":"red"}'));
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/api/v1/things/t1');
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it('an output with a version carries it as its ETag', async () => {
    const { app } = door();
    const response = await app.request('/api/v1/things/t1', { headers: bearer });
    expect(response.headers.get('etag')).toBe('"7"');
    expect(await response.json()).toEqual({ thing_id: 't1', version: 7 });
  });

  it('S139: a refusal is told as problem details with code, hint and request id', async () => {
    const { app } = door({
      reply: () => ({
        ok: false,
        problem: problemOf('journey.exists', 'client-1 has a journey.', 'Look at it.', {
          location: '/api/v1/journeys/client-1',
        }),
      }),
    });
    const response = await app.request('/api/v1/things/t1/parts', posting('{}'));
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('location')).toBe('/api/v1/journeys/client-1');
    expect(await response.json()).toEqual({
      type: 'urn:journey-orchestrator:problem:journey.exists',
      title: 'Journey exists',
      status: 409,
      detail: 'client-1 has a journey.',
      code: 'journey.exists',
      hint: 'Look at it.',
      request_id: 'unique-1',
      retryable: false,
      details: { location: '/api/v1/journeys/client-1' },
    });
  });

  it('what may succeed later says when to come back', async () => {
    const { app } = door({
      reply: () => ({ ok: false, problem: problemOf('store.unavailable', 'The store is away.') }),
    });
    const response = await app.request('/api/v1/things/t1', { headers: bearer });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('whatever is thrown, neither its message nor its stack goes out', async () => {
    const { app, lines } = door({
      authenticate: async () => {
        throw new Error('relation "tokens" does not exist: select hash from tokens');
      },
    });
    const response = await app.request('/api/v1/things/t1', { headers: bearer });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/tokens|select|\.ts|at /);
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', request_id: 'unique-1' });
    expect(lines.find(({ level }) => level === 'error')?.fields['request_id']).toBe('unique-1');
  });

  it('an error of ours that is thrown keeps its code', async () => {
    const { app } = door({
      authenticate: async () => {
        throw new JourneyError('store.unavailable', 'The database does not answer.', 'Try again.');
      },
    });
    const response = await app.request('/api/v1/things/t1', { headers: bearer });
    expect(response.status).toBe(503);
    expect(await problemIn(response)).toMatchObject({ code: 'store.unavailable', hint: 'Try again.' });
  });

  it.each(['/health', '/nowhere', '/api/v1/things/t1', '/openapi.json'])(
    'the answer of %s is closed to sniffing, caching and scripts',
    async (path) => {
      const { app } = door();
      const { headers } = await app.request(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-request-id': 'unique-1',
      });
    },
  );

  it('a door mounted on the same app sets a policy of its own', async () => {
    const { app } = door();
    app.get('/ops', (c) => c.html('<p>Board</p>', 200, { 'content-security-policy': "default-src 'self'" }));
    expect((await app.request('/ops')).headers.get('content-security-policy')).toBe("default-src 'self'");
  });
});

describe('request ids', () => {
  it('a usable id of the caller leads one that is unique all the same', async () => {
    const { app, executed } = door();
    for (const expected of ['order-4711~unique-1', 'order-4711~unique-2']) {
      const response = await app.request('/api/v1/things/t1', { headers: { ...bearer, 'x-request-id': 'order-4711' } });
      expect(response.headers.get('x-request-id')).toBe(expected);
      expect(executed.at(-1)?.call.requestId).toBe(expected);
    }
  });

  it.each(['short', 'x'.repeat(65), 'with space 1', 'semi;colon1', 'tilde~tilde'])('%s is not used', async (given) => {
    const { app } = door();
    const response = await app.request('/health', { headers: { 'x-request-id': given } });
    expect(response.headers.get('x-request-id')).toBe('unique-1');
  });
});

describe('idempotency keys', () => {
  it('S139: a write hands its key on', async () => {
    const { app, executed } = door();
    await app.request('/api/v1/things/t1/parts', posting('{}', { 'idempotency-key': 'abc-1' }));
    await app.request('/api/v1/things/t1', { method: 'DELETE', headers: { ...bearer, 'idempotency-key': 'abc-2' } });
    expect(executed.map(({ call }) => call.idempotencyKey)).toEqual(['abc-1', 'abc-2']);
  });

  it('a read has none', async () => {
    const { app, executed } = door();
    await app.request('/api/v1/things/t1', { headers: { ...bearer, 'idempotency-key': 'abc' } });
    expect(executed[0]?.call).not.toHaveProperty('idempotencyKey');
  });

  it.each(['', 'with space', 'x'.repeat(201), 'caf\u00e9'])('%j is refused', async (key) => {
    const { app, executed } = door();
    const response = await app.request('/api/v1/things/t1/parts', posting('{}', { 'idempotency-key': key }));
    expect(await problemIn(response)).toMatchObject({ code: 'input.invalid', status: 400 });
    expect(executed).toEqual([]);
  });
});

describe('authentication', () => {
  it('a request without a token is told which one it needs', async () => {
    const { app, executed } = door();
    const response = await app.request('/api/v1/things/t1');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await problemIn(response)).toMatchObject({ code: 'auth.missing' });
    expect(executed).toEqual([]);
  });

  it.each(['Basic YW5uOmFubg==', 'Bearer', `Bearer ${TOKEN} extra`, TOKEN])('%s is no bearer token', async (header) => {
    const { app } = door();
    const response = await app.request('/api/v1/things/t1', { headers: { authorization: header } });
    expect(await problemIn(response)).toMatchObject({ code: 'auth.missing', status: 401 });
  });

  it('a stranger is refused before the body is read', async () => {
    const { app } = door();
    const response = await app.request('/api/v1/things/t1/parts', {
      ...posting('{"broken'),
      headers: { authorization: 'Bearer jo_stranger' },
    });
    expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    expect(await problemIn(response)).toMatchObject({ code: 'auth.invalid', status: 401 });
  });

  it('the principal goes to execute as it was authenticated, through the door rest', async () => {
    const { app, executed } = door();
    await app.request('/api/v1/things/t1', { headers: { authorization: `bearer ${TOKEN}` } });
    expect(executed[0]?.call).toMatchObject({ principal: { id: 'ann' }, door: 'rest' });
  });
});

describe('the access log', () => {
  it('I18: has the route, the caller and the outcome, and nothing that was typed', async () => {
    const { app, lines } = door({ now: clockOf(100, 112.34) });
    await app.request('/api/v1/things/secret-thing?tags=secret-tag', { headers: bearer });
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'Answered a request.',
        fields: {
          method: 'GET',
          route: '/api/v1/things/:thing_id',
          status: 200,
          ms: 12.3,
          request_id: 'unique-1',
          trace_id: 'unique-1',
          principal: 'ann',
        },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('what no route took is told without its path, and what failed with its code', async () => {
    const { app, lines } = door();
    await app.request('/secret/path');
    expect(lines[0]?.fields).toMatchObject({ route: 'unmatched', status: 404, principal: null, code: 'route.unknown' });
  });

  it('a probe that is content stays out of the way', async () => {
    const { app, lines } = door();
    await app.request('/health');
    await app.request('/ready');
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
  });
});

const clockOf = (...times: number[]) => {
  let last = 0;
  return () => (last = times.shift() ?? last);
};
