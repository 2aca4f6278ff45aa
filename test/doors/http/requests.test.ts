import { describe, expect, it } from 'vitest';
import { bearer, door, posting, problemIn } from './fakes.ts';

const PARTS = '/api/v1/things/t1/parts';
const post = async (body: string, headers: Record<string, string> = {}) => {
  const { app, executed } = door();
  const response = await app.request(PARTS, posting(body, headers));
  return { response, executed, problem: response.ok ? undefined : await problemIn(response) };
};
const filled = (size: number): string => `{"a":"${'x'.repeat(size - 8)}"}`;
const keys = (count: number): string =>
  `{"list":[${Array.from({ length: count - 1 }, (_, index) => `{"k${index}":0}`).join(',')}]}`;
const broken = async (): Promise<never> => {
  throw new Error('down');
};
const get = async (query: string, init: RequestInit = {}) => {
  const { app, executed } = door();
  const response = await app.request(`/api/v1/things/t1${query}`, { headers: bearer, ...init });
  return { response, executed, problem: response.ok ? undefined : await problemIn(response) };
};
const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

describe('the input of a write', () => {
  it('is the body and the path together', async () => {
    const { executed } = await post('{"colour":"red","count":2}');
    expect(executed[0]?.input).toEqual({ thing_id: 't1', colour: 'red', count: 2 });
  });

  it('a body that repeats what the path says is in order, one that contradicts it is refused', async () => {
    expect((await post('{"thing_id":"t1"}')).response.status).toBe(201);
    const { problem, executed } = await post('{"thing_id":"t2"}');
    expect(problem).toMatchObject({ code: 'input.invalid', detail: expect.stringContaining('thing_id') });
    expect(executed).toEqual([]);
  });

  it('an empty body is an empty object, whatever its type', async () => {
    const { app, executed } = door();
    const response = await app.request(PARTS, { method: 'POST', headers: bearer });
    expect(response.status).toBe(201);
    expect(executed[0]?.input).toEqual({ thing_id: 't1' });
  });

  it('query parameters on a POST are refused and not ignored', async () => {
    const { app } = door();
    const response = await app.request(`${PARTS}?promote=true`, posting('{}'));
    expect(await problemIn(response)).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('query'),
    });
  });

  it('a field called refused is a field like any other', async () => {
    const { response, executed } = await post('{"refused":"auth.forbidden","message":"ha"}');
    expect(response.status).toBe(201);
    expect(executed[0]?.input).toMatchObject({ refused: 'auth.forbidden' });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/jsonp'])(
    'a body of type %s is refused',
    async (type) => {
      const { problem } = await post('{}', { 'content-type': type });
      expect(problem).toMatchObject({ code: 'input.invalid', status: 400, detail: expect.stringContaining(type) });
    },
  );

  it('a compressed body is refused', async () => {
    expect((await post('{}', { 'content-encoding': 'gzip' })).problem).toMatchObject({ code: 'input.invalid' });
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'a body of type %s is read',
    async (type) => {
      expect((await post('{}', { 'content-type': type })).response.status).toBe(201);
    },
  );

  it.each([
    ['{"a": nope}', 'position 7'],
    ['{"a": }', 'position 6'],
    ['{"a":1,}', 'position 7'],
    ['{"a":1', 'position 6'],
    ['nope', 'position 1'],
    ['{"a":"b', 'position 7'],
    ['{"a":nul', 'position 8'],
    [`{"a":"${'x'.repeat(5_000)}", b}`, 'position 5009'],
  ])('%.20s is refused with the place where it breaks', async (body, place) => {
    const { problem } = await post(body);
    expect(problem).toMatchObject({ code: 'input.invalid', detail: expect.stringContaining(place) });
  });

  it.each(['[]', '"text"', '1', 'null'])('%s is JSON but no object', async (body) => {
    expect((await post(body)).problem).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('object'),
    });
  });

  it('a body that is not UTF-8 is refused', async () => {
    const { app } = door();
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const response = await app.request(PARTS, { ...posting(''), body });
    expect(await problemIn(response)).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('UTF-8'),
    });
  });
});

describe('limits on a body', () => {
  it('takes 256 KiB and refuses a byte more, announced or not', async () => {
    expect((await post(filled(262_144))).response.status).toBe(201);
    expect((await post(filled(262_145))).problem).toMatchObject({ code: 'input.too_large', status: 413 });
    expect((await post('{}', { 'content-length': '262145' })).problem).toMatchObject({ code: 'input.too_large' });
  });

  it('takes 20 levels and refuses 21', async () => {
    expect((await post(nested(20))).response.status).toBe(201);
    expect((await post(nested(21))).problem).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('20'),
    });
  });

  it('survives a body of brackets alone', async () => {
    const { problem } = await post(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(problem).toMatchObject({ code: 'input.invalid', detail: expect.stringContaining('20 levels') });
  });

  it('takes 5,000 keys and refuses one more, wherever they are', async () => {
    expect((await post(keys(5_000))).response.status).toBe(201);
    expect((await post(keys(5_001))).problem).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('5000'),
    });
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at any depth', async (key) => {
    for (const body of [`{"${key}":{"admin":true}}`, `{"a":[{"${key}":1}]}`]) {
      const { problem, executed } = await post(body);
      expect(problem).toMatchObject({ code: 'input.invalid', detail: expect.stringContaining(key) });
      expect(executed).toEqual([]);
    }
    expect({}).not.toHaveProperty('admin');
  });

  it('refuses escapes of __proto__ as the key that they are', async () => {
    expect((await post('{"\\u005f_proto__":1}')).problem).toMatchObject({ code: 'input.invalid' });
  });

  it.each(['{"a":"\\u0000"}', '{"a":["\\ud800"]}', '{"\\udc00":1}', '{"a":1e999}'])(
    'refuses %s, which the store could not keep as it is',
    async (body) => {
      expect((await post(body)).problem).toMatchObject({ code: 'input.invalid' });
    },
  );

  it('takes text beyond the basic plane', async () => {
    expect((await post('{"a":"\\ud83d\\ude00 \u{1f600}"}')).executed[0]?.input).toMatchObject({
      a: '\u{1f600} \u{1f600}',
    });
  });
});

describe('the input of a read', () => {
  it('is the query and the path together, as text: the schema alone decides what a number is', async () => {
    expect((await get('?limit=3')).executed[0]?.input).toEqual({ thing_id: 't1', limit: '3' });
  });

  it('true and false are what they say where a field is one of them; other text is left for the schema to refuse', async () => {
    expect((await get('?loud=true')).executed[0]?.input).toEqual({ thing_id: 't1', loud: true });
    expect((await get('?loud=false')).executed[0]?.input).toEqual({ thing_id: 't1', loud: false });
    expect((await get('?loud=yes')).executed[0]?.input).toEqual({ thing_id: 't1', loud: 'yes' });
  });

  it('a field that holds a list takes commas and repetition', async () => {
    expect((await get('?tags=a,b&tags=c')).executed[0]?.input).toEqual({ thing_id: 't1', tags: ['a', 'b', 'c'] });
  });

  it('a comma in any other field is a comma', async () => {
    expect((await get('?limit=1,2')).executed[0]?.input).toEqual({ thing_id: 't1', limit: '1,2' });
  });

  it('any other field is given once', async () => {
    expect((await get('?limit=1&limit=2')).problem).toMatchObject({
      code: 'input.invalid',
      detail: expect.stringContaining('limit'),
    });
  });

  it('a query that contradicts the path is refused', async () => {
    expect((await get('?thing_id=t2')).problem).toMatchObject({ code: 'input.invalid' });
  });

  it('__proto__ in a query is refused', async () => {
    expect((await get('?__proto__=1')).problem).toMatchObject({ code: 'input.invalid' });
  });

  it('percent-encoding is undone in path and query, once', async () => {
    const { app, executed } = door();
    await app.request('/api/v1/things/a%2541?limit=%2531', { headers: bearer });
    expect(executed[0]?.input).toEqual({ thing_id: 'a%41', limit: '%31' });
  });

  it.each(['/api/v1/things/t%001', '/api/v1/things/t1?limit=%00'])('U+0000 in %s is refused', async (path) => {
    const { app, executed } = door();
    expect(await problemIn(await app.request(path, { headers: bearer }))).toMatchObject({ code: 'input.invalid' });
    expect(executed).toEqual([]);
  });

  it('a DELETE takes no body', async () => {
    const { response } = await get('', {
      method: 'DELETE',
      body: '{"all":true}',
      headers: { ...bearer, 'content-length': '12' },
    });
    expect(response.status).toBe(400);
  });
});

describe('what no route takes', () => {
  it('names the nearest path', async () => {
    const { app } = door();
    const response = await app.request('/api/v1/thing/t1/parts', posting('{}'));
    expect(response.status).toBe(404);
    expect(await problemIn(response)).toMatchObject({
      code: 'route.unknown',
      hint: expect.stringContaining('POST /api/v1/things/:thing_id/parts'),
    });
  });

  it('does not guess when nothing is near', async () => {
    const { app } = door();
    const { hint } = await problemIn(await app.request('/wp-admin/setup-config.php'));
    expect(hint).not.toContain('Did you mean');
    expect(hint).toContain('/openapi.json');
  });

  it('a path that exists for other methods says for which', async () => {
    const { app } = door();
    const response = await app.request('/api/v1/things/t1', { method: 'PATCH', headers: bearer });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, DELETE');
    expect(await problemIn(response)).toMatchObject({
      code: 'method.not_allowed',
      detail: expect.stringContaining('PATCH'),
    });
  });

  it('an empty path parameter is no path', async () => {
    const { app } = door();
    expect((await app.request('/api/v1/things/', { headers: bearer })).status).toBe(404);
  });
});

describe('probes', () => {
  it('S119: /health answers while everything behind it throws', async () => {
    const { app } = door({ execute: broken, authenticate: broken, readiness: broken });
    const response = await app.request('/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok', version: '1.2.3', commit: null });
  });

  it('S120: /ready says 200 or 503, check by check, and degraded is ready', async () => {
    const { app } = door();
    expect(await (await app.request('/ready')).json()).toEqual({
      status: 'ready',
      mode: 'embedded',
      checks: { database: 'ok' },
    });
    const config = 'the changed files cannot be used';
    const well = door({ readiness: async () => ({ ready: true, degraded: true, mode: 'server', checks: { config } }) });
    const degraded = await well.app.request('/ready');
    expect(degraded.status).toBe(200);
    expect(await degraded.json()).toEqual({ status: 'degraded', mode: 'server', checks: { config } });
    const not = door({ readiness: async () => ({ ready: false, mode: 'server', checks: { database: 'down' } }) });
    const response = await not.app.request('/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not_ready', mode: 'server', checks: { database: 'down' } });
  });

  it('S120: readiness that cannot be found out is 503 and tells no secrets', async () => {
    const { app } = door({
      readiness: async () => {
        throw new Error('password authentication failed for user "journey"');
      },
    });
    const response = await app.request('/ready');
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('password');
  });

  it('many who ask at once are one question to the database', async () => {
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const { app } = door({
      readiness: async () => {
        asked += 1;
        await promise;
        return { ready: true, mode: 'server', checks: {} };
      },
    });
    const answers = Array.from({ length: 20 }, async () => app.request('/ready'));
    resolve();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked).toBe(1);
    await app.request('/ready');
    expect(asked).toBe(2);
  });
});
