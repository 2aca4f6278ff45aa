import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';

export type Received = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, byte by byte: what a signature is over. */
  readonly raw: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- compared with expectations, never built upon.
  readonly body: any;
};

export type Script = (received: Received, response: ServerResponse) => void;

export type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Calls that it has not answered yet, and the most there ever were at once. */
  readonly open: () => { readonly now: number; readonly most: number };
  /** How calls are answered from now on. */
  readonly reply: (script: Script) => void;
  /** Stops listening and cuts every connection; `back` listens on the same port again. */
  readonly down: () => Promise<void>;
  readonly back: () => Promise<void>;
};

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Script =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** A system that takes webhooks: it writes down what has come, and only then answers what a test says. */
export async function receiver(script: Script = answering(204)): Promise<Receiver> {
  const received: Received[] = [];
  const path = join(tmpdir(), `journey-receiver-${randomUUID()}.jsonl`);
  const log = openSync(path, 'a');
  let reply = script;
  let [now, most] = [0, 0];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        raw,
        body: JSON.parse(raw) as unknown,
      };
      writeSync(log, `${JSON.stringify(one)}\n`);
      fsyncSync(log);
      received.push(one);
      now += 1;
      most = Math.max(most, now);
      response.once('close', () => (now -= 1));
      reply(one, response);
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => void server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The receiver has no port.');
  const { port } = address;
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${port}/webhooks/journey`,
    port,
    received,
    open: () => ({ now, most }),
    reply: (next) => (reply = next),
    down,
    back: () => listen(port),
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await down();
      closeSync(log);
      await rm(path, { force: true });
    },
  };
}

/** The numbers of each client's messages in the order in which they first arrived. */
export function firstArrivals(received: readonly Received[]): Readonly<Record<string, readonly number[]>> {
  const seen = new Set<string>();
  const byClient: Record<string, number[]> = {};
  for (const { body } of received) {
    if (seen.has(String(body.id))) continue;
    seen.add(String(body.id));
    (byClient[String(body.data.client_id)] ??= []).push(Number(body.data.seq));
  }
  return byClient;
}
