import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** What happens to the next statement of a flush on its way. */
export type Cut = 'none' | 'before' | 'after' | 'silence';

export type CuttingProxy = AsyncDisposable & {
  /** The server's URL with this proxy's address in it. */
  readonly url: string;
  /** How often each kind of cut has happened. */
  readonly cuts: Readonly<Record<Cut, number>>;
  /** Asked at every flush. `before`: the server never sees it. `after`: it is done, but its answer is lost. */
  plan: () => Cut;
};

// The journal's prepared statements carry their name in every Parse and Bind message.
const FLUSH = Buffer.from('flush_');
const READY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** A TCP proxy before a PostgreSQL server that cuts connections in the middle of flushes, as it is told. */
export async function cuttingProxy(serverUrl: string): Promise<CuttingProxy> {
  const target = new URL(serverUrl);
  const cuts: Record<Cut, number> = { none: 0, before: 0, after: 0, silence: 0 };
  const sockets = new Set<Socket>();
  const listener = createServer((client) => join(client));

  function join(client: Socket): void {
    const server = connect({ host: target.hostname, port: Number(target.port) });
    let awaited: 'after' | 'silence' | undefined;
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      const cut = awaited === undefined && data.includes(FLUSH) ? proxy.plan() : 'none';
      if (data.includes(FLUSH)) cuts[cut] += 1;
      if (cut === 'before') return end();
      if (cut !== 'none') awaited = cut;
      server.write(data);
    });
    server.on('data', (data) => {
      if (awaited === undefined) client.write(data);
      // The server has done it and is ready for more: nobody will hear of it.
      else if (awaited === 'after' && data.includes(READY)) end();
    });
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);
  const proxy: CuttingProxy = {
    url: url.toString(),
    cuts,
    plan: () => 'none',
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
      await once(listener, 'close').catch(() => undefined);
    },
  };
  return proxy;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
