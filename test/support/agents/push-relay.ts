import { createServer } from 'node:http';

export type PushRelay = AsyncDisposable & {
  readonly url: string;
  /** What came in, and what the product answered. */
  readonly pushed: readonly { readonly path: string; readonly token: string; readonly status: number }[];
  /** Where it goes; nothing is passed on before that is known. */
  readonly to: (url: string) => void;
};

/** A public URL that is known before the product listens: it passes on what agents push. */
export async function openPushRelay(): Promise<PushRelay> {
  const pushed: { path: string; token: string; status: number }[] = [];
  let target = '';
  async function passOn(path: string, token: string): Promise<number> {
    const headers = { 'x-a2a-notification-token': token };
    const answer = await fetch(`${target}${path}`, { method: 'POST', headers, body: '{}' }).catch(() => null);
    if (answer === null) return 502;
    pushed.push({ path, token, status: answer.status });
    return answer.status;
  }
  const server = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    const token = String(incoming.headers['x-a2a-notification-token'] ?? '');
    incoming.resume();
    void passOn(path, token).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    pushed,
    to: (url) => void (target = url),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
