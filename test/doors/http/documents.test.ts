import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineUseCase } from '#application/use-case.ts';
import { bearer, door, problemIn, things } from './fakes.ts';

const MOST = 1_000;
const readThing = defineUseCase({
  name: 'thing.read',
  summary: 'Read what is written about a thing.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: {
      route: 'POST /api/v1/things/:thing_id/papers',
      document: { field: 'paper', most_bytes: MOST, types: ['text/csv', 'application/json'] },
    },
  },
  input: z.strictObject({ thing_id: z.string(), paper: z.string(), tone: z.string().optional() }),
  output: z.object({ thing_id: z.string() }),
  run: async (_dependencies, _call, { thing_id }) => ({ thing_id }),
});
const catalogue = [...things, readThing];

const sending = (
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = { 'content-type': 'text/csv' },
): RequestInit => ({
  method: 'POST',
  headers: { ...bearer, ...headers },
  body,
});
const path = '/api/v1/things/t1/papers';

describe('a body that is a file', () => {
  it('comes as it is, and the other fields by the query', async () => {
    const { app, executed } = door({ catalogue });
    const response = await app.request(
      `${path}?tone=mild`,
      sending('a,b\r\n"1","é"\n', { 'content-type': 'Text/CSV; charset=utf-8', 'idempotency-key': 'k-1' }),
    );
    expect(response.status).toBe(200);
    expect(executed[0]?.input).toEqual({ thing_id: 't1', tone: 'mild', paper: 'a,b\r\n"1","é"\n' });
    expect(executed[0]?.call.idempotencyKey).toBe('k-1');
  });

  it('comes without the mark of its encoding', async () => {
    const { app, executed } = door({ catalogue });
    await app.request(path, sending('\ufeffa,b'));
    expect(executed[0]?.input).toMatchObject({ paper: 'a,b' });
  });

  it('may be larger than JSON may, up to a limit of its own', async () => {
    const { app, executed } = door({ catalogue, limits: { body_bytes: 10 } });
    expect((await app.request(path, sending('x'.repeat(MOST)))).status).toBe(200);
    expect(await problemIn(await app.request(path, sending('x'.repeat(MOST + 1))))).toMatchObject({
      status: 413,
      detail: 'The body is larger than 1000 bytes.',
    });
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(400).fill(120)) });
    const streamed = { ...sending(endless), duplex: 'half' } as RequestInit;
    expect(await problemIn(await app.request(path, streamed))).toMatchObject({ code: 'input.too_large' });
    expect(executed).toHaveLength(1);
  });

  it.each<readonly [string, Record<string, string>, string]>([
    ['no type', {}, 'The body has no Content-Type.'],
    ['the type of a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'is of type application/x-www'],
    ['an encoding', { 'content-type': 'text/csv', 'content-encoding': 'gzip' }, 'The body is encoded as gzip.'],
  ])('with %s is refused', async (_what, headers, detail) => {
    const { app, executed } = door({ catalogue });
    const response = await app.request(path, sending(new TextEncoder().encode('a'), headers));
    expect(await problemIn(response)).toMatchObject({ status: 400, detail: expect.stringContaining(detail) });
    expect(executed).toEqual([]);
  });

  it('that is not UTF-8 is refused', async () => {
    const { app } = door({ catalogue });
    const response = await app.request(path, sending(new Uint8Array([0x4a, 0x6f, 0x73, 0xe9])));
    expect(await problemIn(response)).toMatchObject({ code: 'input.invalid', detail: 'The body is not UTF-8.' });
  });

  it.each([
    ['paper=x', 'paper: given in the query.'],
    ['tone=a&tone=b', 'tone: given 2 times in the query.'],
    ['thing_id=t2', 'thing_id: the path says "t1", the query something else.'],
  ])('with ?%s is refused', async (query, detail) => {
    const { app } = door({ catalogue });
    expect(await problemIn(await app.request(`${path}?${query}`, sending('a')))).toMatchObject({ status: 400, detail });
  });

  it('waits for its turn where many are being read, and is told so', async () => {
    const begun = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const { app } = door({
      catalogue,
      limits: { documents: 1 },
      execute: async () => {
        begun.resolve();
        await free.promise;
        return { ok: true, output: { thing_id: 't1' } };
      },
    });
    const first = app.request(path, sending('a'));
    await begun.promise;
    const second = await app.request(path, sending('b'));
    expect(await problemIn(second)).toMatchObject({ status: 503, code: 'orchestrator.overloaded', retryable: true });
    expect(second.headers.get('retry-after')).not.toBeNull();
    free.resolve();
    expect((await first).status).toBe(200);
    expect((await app.request(path, sending('c'))).status).toBe(200);
  });

  it('is described with its types, and the other fields as parameters', async () => {
    const { app } = door({ catalogue });
    const { paths } = (await (await app.request('/openapi.json')).json()) as {
      readonly paths: Record<
        string,
        { readonly post: { parameters: { name: string }[]; requestBody: { content: object } } }
      >;
    };
    const operation = paths['/api/v1/things/{thing_id}/papers']?.post;
    expect(operation?.parameters.map(({ name }) => name)).toEqual(['thing_id', 'tone', 'Idempotency-Key']);
    expect(Object.keys(operation?.requestBody.content ?? {})).toEqual(['text/csv', 'application/json']);
  });
});
