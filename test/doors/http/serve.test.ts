import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '#adapters/clock.ts';
import { serve, type HttpServer, type ServeOptions } from '#http/serve.ts';
import { bearer, door, loggerInto, posting, TOKEN, type Line } from './fakes.ts';

const servers: HttpServer[] = [];
const lines: Line[] = [];

async function serving(app: ServeOptions['app'], limits: ServeOptions['limits'] = {}): Promise<HttpServer> {
  const server = await serve({ app, host: '127.0.0.1', port: 0, logger: loggerInto(lines), sleep, limits });
  servers.push(server);
  return server;
}

async function dial({ port }: HttpServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** A door whose one GET answers when the test says so. */
function slowDoor() {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const { app } = door({
    execute: async () => {
      arrived.resolve();
      await release.promise;
      return { ok: true, output: { done: true } };
    },
  });
  return { app, arrived: arrived.promise, release: release.resolve };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
  lines.length = 0;
});

describe('over a real socket', () => {
  it('serves on a port of its own choice and says which', async () => {
    const server = await serving(door().app);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const response = await fetch(`${server.url}/api/v1/things/t1`, { headers: bearer });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).toBe('unique-1');
    expect(response.headers.get('content-security-policy')).toContain("'none'");
  });

  it('tells what is being done for a caller when that caller hangs up', async () => {
    const arrived = Promise.withResolvers<AbortSignal | undefined>();
    const { app } = door({
      execute: async (_useCase, { signal }) => {
        arrived.resolve(signal);
        await once(signal ?? new EventTarget(), 'abort');
        return { ok: true, output: {} };
      },
    });
    const server = await serving(app);
    const caller = new AbortController();
    const answer = fetch(`${server.url}/api/v1/things/t1`, { headers: bearer, signal: caller.signal }).catch(
      () => 'hung up',
    );
    const signal = await arrived.promise;
    expect(signal?.aborted).toBe(false);
    caller.abort();
    expect(await answer).toBe('hung up');
    await expect.poll(() => signal?.aborted, { timeout: 120_000 }).toBe(true);
  });

  it('reads a body with and without its length announced', async () => {
    const { app, executed } = door();
    const { url } = await serving(app);
    const stream = new Blob(['{"colour":', '"red"}']).stream();
    await fetch(`${url}/api/v1/things/t1/parts`, posting('{"colour":"red"}'));
    await fetch(`${url}/api/v1/things/t1/parts`, { ...posting(''), body: stream, duplex: 'half' });
    expect(executed.map(({ input }) => input)).toEqual([
      { thing_id: 't1', colour: 'red' },
      { thing_id: 't1', colour: 'red' },
    ]);
  });

  it('refuses a chunked body that never says how long it is, before its end', async () => {
    const { app, executed } = door();
    const socket = await dial(await serving(app));
    socket.write(
      `POST /api/v1/things/t1/parts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    for (let sent = 0; sent < 10; sent += 1) socket.write(chunk);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toString()).toContain('input.too_large');
    expect(executed).toEqual([]);
    socket.destroy();
  });

  it('refuses a body that is announced as too large without waiting for it', async () => {
    const socket = await dial(await serving(door().app));
    socket.write(
      `POST /api/v1/things/t1/parts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n{',
    );
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/^connection: close\r$/im);
  });

  it('cuts a client that does not get to the end of its headers', async () => {
    const socket = await dial(await serving(door().app, { headers_ms: 60, request_ms: 500, check_every_ms: 20 }));
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('cuts a client that does not get to the end of its body', async () => {
    const { app, executed } = door();
    const socket = await dial(await serving(app, { headers_ms: 60, request_ms: 120, check_every_ms: 20 }));
    socket.write(
      `POST /api/v1/things/t1/parts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
    expect(executed).toEqual([]);
  });

  it('refuses headers without end', async () => {
    const socket = await dial(await serving(door().app));
    socket.write(`GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('a port that is taken is told with host, port and what to do', async () => {
    const { port } = await serving(door().app);
    const second = serve({ app: door().app, host: '127.0.0.1', port, logger: loggerInto(lines), sleep });
    await expect(second).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining(`127.0.0.1:${port}`),
      hint: expect.stringContaining('JOURNEY_HTTP_PORT'),
    });
  });

  it('an address that is not here is told in the same way', async () => {
    const other = serve({ app: door().app, host: '192.0.2.1', port: 0, logger: loggerInto(lines), sleep });
    await expect(other).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining('192.0.2.1'),
    });
  });
});

describe('closing', () => {
  it('lets what is under way finish, and takes nothing new', async () => {
    const { app, arrived, release } = slowDoor();
    const server = await serving(app);
    const answer = fetch(`${server.url}/api/v1/things/t1`, { headers: bearer });
    await arrived;
    const closed = server.close(20_000);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed');
    release();
    const response = await answer;
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toEqual({ done: true });
    await closed;
    expect(lines).toEqual([]);
  });

  it('does not wait for connections that only stay open', async () => {
    const server = await serving(door().app);
    const socket = await dial(server);
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const ended = text(socket);
    expect(socket.closed).toBe(false);
    await server.close(20_000);
    expect(await ended).toBe('');
  });

  it('does not wait for a connection whose answer had begun before', async () => {
    const { app } = door();
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    app.get('/stream', () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('first ')),
        pull: async (controller) => {
          begun.resolve();
          await release.promise;
          controller.enqueue(new TextEncoder().encode('last'));
          controller.close();
        },
      });
      return new Response(body);
    });
    const server = await serving(app);
    const socket = await dial(server);
    const all = text(socket);
    socket.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await begun.promise;
    const closed = server.close(20_000);
    release.resolve();
    expect(await all).toContain('last');
    await closed;
    expect(lines).toEqual([]);
  });

  it('cuts what is not done by the end of the grace, and says so', async () => {
    const { app, arrived, release } = slowDoor();
    const server = await serving(app);
    const answer = fetch(`${server.url}/api/v1/things/t1`, { headers: bearer });
    const cut = answer.catch((error: unknown) => error);
    await arrived;
    await server.close(10);
    expect(await cut).toBeInstanceOf(TypeError);
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { requests: 1 } });
    release();
  });

  it('a second close waits for the first', async () => {
    const server = await serving(door().app);
    const closing = [server.close(1_000), server.close(1_000)];
    expect(await Promise.all(closing)).toHaveLength(2);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed');
  });
});
