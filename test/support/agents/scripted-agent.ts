import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export type Recorded = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
};

export type Script = (request: Recorded, response: ServerResponse) => void;

export type ScriptedAgent = {
  readonly url: string;
  readonly cardUrl: string;
  /** Every request but those for the card. */
  readonly requests: readonly Recorded[];
  readonly cardRequests: readonly Recorded[];
  /** How the next requests are answered. */
  readonly reply: (script: Script) => void;
  readonly replyToCard: (script: Script) => void;
  /** Resolves when the next request has arrived. */
  readonly arrival: () => Promise<Recorded>;
  readonly close: () => Promise<void>;
};

/** A plain HTTP server in an agent's place, without the SDK: it records what is sent and answers what a test says. */
export async function scriptedAgent(binding: 'JSONRPC' | 'HTTP+JSON' = 'JSONRPC'): Promise<ScriptedAgent> {
  const requests: Recorded[] = [];
  const cardRequests: Recorded[] = [];
  const waiting: ((request: Recorded) => void)[] = [];
  let script: Script = unprepared;
  let cardScript: Script = (_, response) => sendJson(response, cardOf(url, binding));

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: text === '' ? null : (JSON.parse(text) as unknown) };
      const forCard = path === '/card.json';
      (forCard ? cardRequests : requests).push(request);
      (forCard ? cardScript : script)(request, response);
      for (const wake of forCard ? [] : waiting.splice(0)) wake(request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The scripted agent has no port.');
  const url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    cardUrl: `${url}/card.json`,
    requests,
    cardRequests,
    reply: (next) => (script = next),
    replyToCard: (next) => (cardScript = next),
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const unprepared: Script = (_, response) => void response.writeHead(500).end();

export function sendJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Answers a JSON-RPC request with the result. */
export const rpcResult =
  (result: unknown): Script =>
  ({ body }, response) =>
    sendJson(response, { jsonrpc: '2.0', id: (body as { id: number }).id, result });

export const rpcError =
  (code: number, message: string): Script =>
  ({ body }, response) =>
    sendJson(response, { jsonrpc: '2.0', id: (body as { id: number }).id, error: { code, message } });

/** A card as it stands on the wire, written by hand from the A2A 1.0 specification. */
export const cardOf = (
  url: string,
  protocolBinding = 'JSONRPC',
  skills: readonly object[] = [skill('run_security_scan')],
) => ({
  name: 'Scripted agent',
  description: 'Answers what a test says.',
  version: '1.0.0',
  supportedInterfaces: [{ url: `${url}/a2a`, protocolBinding, protocolVersion: '1.0' }],
  capabilities: {},
  defaultInputModes: ['application/json'],
  defaultOutputModes: ['application/json'],
  skills,
});

export const skill = (id: string, tags: readonly string[] = []) => ({ id, name: id, description: id, tags });
