import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { sendJson } from './scripted-agent.ts';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Origin = AsyncDisposable & {
  readonly url: string;
  /** Every request, in the order in which they came. */
  readonly asked: readonly Asked[];
  /** What is at the path from now on: a JSON document with an ETag, or whatever the function does. */
  readonly put: (path: string, what: object | ((asked: Asked, response: ServerResponse) => void)) => void;
  /** Answers everything with that status; null: as it is put. */
  readonly fail: (status: number | null) => void;
};

/** A plain HTTP server with documents at paths: hosts with cards, catalogues, brokers. */
export async function openOrigin(): Promise<Origin> {
  const asked: Asked[] = [];
  const there = new Map<string, Parameters<Origin['put']>[1]>();
  let failing: number | null = null;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
      asked.push(request);
      const what = there.get(path);
      if (failing !== null || what === undefined) return void response.writeHead(failing ?? 404).end();
      if (typeof what === 'function') return what(request, response);
      const etag = `"${Buffer.from(JSON.stringify(what)).length}-${JSON.stringify(what).length}"`;
      if (headers['if-none-match'] === etag) return void response.writeHead(304).end();
      sendJson(response, what, { etag });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    put: (path, what) => void there.set(path, what),
    fail: (status) => void (failing = status),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
