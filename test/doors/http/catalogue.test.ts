import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '#application/catalogue.ts';
import { routesOf } from '#http/routes.ts';
import { bearer, door, problemIn, showThing } from './fakes.ts';

const routes = routesOf(catalogue);
const filled = (path: string): string => path.replaceAll(/:\w+/g, 'x');

describe('the catalogue over REST', () => {
  it('S144: every route, its use-case and who may use it are public and change on purpose only', async () => {
    const table = routes.map(({ method, path, useCase, surface }) =>
      [
        `${method.padEnd(6)} ${path}`.padEnd(58),
        useCase.name.padEnd(24),
        [...useCase.allow, ...(useCase.kinds ?? []).map((kind) => `kind:${kind}`)].join(' ').padEnd(36),
        surface.status ?? 200,
      ].join(' '),
    );
    await expect(`${table.join('\n')}\n`).toMatchFileSnapshot('./rest-routes.txt');
  });

  it('what only reads is a GET, and nothing else is; but files that are to be checked fit no address', () => {
    const wrong = routes.filter(({ method, useCase }) => (method === 'GET') !== (useCase.effect === 'read'));
    expect(wrong.map(({ useCase }) => useCase.name)).toEqual(['config.check']);
  });

  describe.each(routes)('$method $path', ({ method, path, useCase }) => {
    it('is shut without a token', async () => {
      const { app, executed } = door({ catalogue });
      const response = await app.request(filled(path), { method });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemIn(response)).toMatchObject({ status: 401, code: 'auth.missing' });
      expect(executed).toEqual([]);
    });

    it('is shut to an unknown token', async () => {
      const { app, executed } = door({ catalogue });
      const response = await app.request(filled(path), { method, headers: { authorization: 'Bearer jo_unknown' } });
      expect(await problemIn(response)).toMatchObject({ status: 401, code: 'auth.invalid' });
      expect(executed).toEqual([]);
    });

    it('with a known one is the use-case of the catalogue', async () => {
      const { app, executed } = door({ catalogue });
      await app.request(filled(path), { method, headers: bearer });
      expect(executed.map((one) => one.useCase)).toEqual([useCase.name]);
    });

    it('refuses every other method, and names its own', async () => {
      const { app } = door({ catalogue });
      const response = await app.request(filled(path), { method: 'PATCH', headers: bearer });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')?.split(', ')).toContain(method);
    });
  });

  it('two use-cases with the same route are found at the start', () => {
    expect(() => routesOf([showThing, { ...showThing, name: 'thing.twin' }])).toThrow(/thing\.twin and thing\.show/);
  });

  it('a path parameter that is no input is found at the start', () => {
    const wrong = { ...showThing, input: z.strictObject({ other: z.string() }) };
    expect(() => routesOf([wrong])).toThrow(/thing_id/);
  });
});
