import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export type Seen = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
};

export type Reply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly broken: true }
  | { readonly silent: () => void };

export type ServerDouble = {
  readonly url: string;
  readonly seen: Seen[];
  /** `POST /api/v1/journeys {"client_id":…}`: what golden tests compare. */
  readonly lines: () => readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** A real HTTP server that answers as the script says and remembers what it was asked. */
export async function serverDouble(script: (seen: Seen, index: number) => Reply): Promise<ServerDouble> {
  const seen: Seen[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one = await receive(request);
    seen.push(one);
    answer(script(one, seen.length - 1), request, response);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    lines: () => seen.map(lineOf),
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

export const ok = (body: unknown, status = 200): Reply => ({ status, body });

/** RFC 9457, as the REST door writes it. */
export const problem = (status: number, code: string, detail: string, hint?: string): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: {
    title: code,
    status,
    detail,
    code,
    ...(hint === undefined ? {} : { hint }),
    request_id: 'req-7',
    retryable: false,
  },
});

const lineOf = ({ method, target, body }: Seen): string =>
  [method, decodeURIComponent(target), ...(body === null ? [] : [JSON.stringify(body)])].join(' ');

async function receive(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const { method = '', url = '', headers } = request;
  return { method, target: url, headers, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

function answer(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
  if ('broken' in reply) {
    request.socket.resetAndDestroy();
    return;
  }
  if ('silent' in reply) {
    reply.silent();
    return;
  }
  const { status, body, headers = { 'content-type': 'application/json' } } = reply;
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
}
