import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type RoundRobin = AsyncDisposable & {
  readonly url: string;
  /** How many requests each target got. */
  readonly counts: readonly number[];
};

/** A load balancer of the simplest kind: each request, whoever sends it, goes to the next server. */
export async function roundRobin(
  targets: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<RoundRobin> {
  const counts = targets.map(() => 0);
  let turn = 0;
  const server: Server = createServer((incoming, outgoing) => {
    const next = turn % targets.length;
    turn += 1;
    counts[next] = (counts[next] ?? 0) + 1;
    forward(new URL(targets[next] ?? ''), headers, incoming, outgoing);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function forward(
  target: URL,
  headers: Readonly<Record<string, string>>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const onward = request(
    {
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      method: incoming.method,
      // What the caller says stands, its Host too: the servers judge that.
      headers: { ...headers, ...incoming.headers },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    },
  );
  onward.on('error', () => outgoing.destroy());
  // Whoever hangs up on us hangs up on the server too.
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
