import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, StreamableHTTPClientTransport, type ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll } from 'vitest';
import type { Database } from '#adapters/postgres/database.ts';
import { serve, type HttpServer } from '#http/serve.ts';
import type { Role } from '#application/principal.ts';
import { sleep } from '#adapters/clock.ts';
import { openDoors, type DoorsOptions } from '#src/composition/doors.ts';
import type { Settings } from '#settings/settings.ts';
import { quiet, settingsWith } from '#test/support/engine/fixtures.ts';
import { engineOn, type Engine, type EngineOptions } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';

export type Stack = AsyncDisposable & {
  readonly engine: Engine;
  readonly database: Database;
  readonly url: string;
  readonly mcpUrl: URL;
  /** A new token; of kind agent and for operators unless said. */
  readonly token: (options?: TokenOptions) => Promise<string>;
};

export type TokenOptions = {
  readonly name?: string;
  readonly kind?: 'user' | 'agent';
  readonly roles?: readonly Role[];
  readonly clients?: readonly string[];
  readonly evidence_kinds?: readonly string[];
};

const admin = { id: 'root', kind: 'user', roles: ['admin'], clients: null, evidenceKinds: [], intents: null } as const;

export type StackOptions = EngineOptions & {
  readonly http?: Partial<Settings['http']>;
  readonly mcp?: Partial<Settings['mcp']>;
  readonly more?: DoorsOptions['more'];
};

/** The product with all its doors on a port of its own. */
export async function openStack(options: StackOptions): Promise<Stack> {
  const engine = await engineOn(options);
  const settings = settingsWith('unused', options.settings);
  const logger = options.logger ?? quiet;
  const doors = await openDoors(
    engine.orchestrator,
    {
      ...settings,
      store: { ...settings.store, kind: options.database.kind === 'embedded' ? 'embedded' : 'postgresql' },
      http: { ...settings.http, ...options.http },
      mcp: { ...settings.mcp, callsPerSecond: 10_000, ...options.mcp },
    },
    {
      logger,
      now: () => performance.now(),
      version: '0.0.0',
      ...(options.more === undefined ? {} : { more: options.more }),
    },
  );
  const server: HttpServer = await serve({ app: doors.app, host: '127.0.0.1', port: 0, logger, sleep });
  let tokens = 0;
  return {
    engine,
    database: options.database,
    url: server.url,
    mcpUrl: new URL('/mcp', server.url),
    token: async ({ name, kind = 'agent', roles = ['operator'], clients, evidence_kinds = [] } = {}) => {
      const made = await engine.call(
        'token.create',
        {
          name: name ?? `${kind}-${(tokens += 1)}`,
          kind,
          roles: [...roles],
          evidence_kinds: [...evidence_kinds],
          ...(clients === undefined ? {} : { clients: [...clients] }),
        },
        admin,
      );
      return (made as { token: string }).token;
    },
    [Symbol.asyncDispose]: async () => {
      await doors.close();
      await server.close(5_000);
      await engine.stop();
    },
  };
}

/** One stack on an embedded database for all tests of a suite, opened before them and ended after them. */
export function suiteStack(options: Omit<StackOptions, 'database'> = {}): Omit<Stack, typeof Symbol.asyncDispose> {
  const ending = new AsyncDisposableStack();
  let open: Stack | undefined;
  const now = (): Stack => {
    if (!open) throw new Error('The stack is open only while tests run.');
    return open;
  };
  beforeAll(async () => {
    const { database } = ending.use(await freshEmbedded());
    open = ending.use(await openStack({ ...options, database, keepDatabase: true }));
  });
  afterAll(() => ending.disposeAsync());
  return {
    get engine() {
      return now().engine;
    },
    get url() {
      return now().url;
    },
    get mcpUrl() {
      return now().mcpUrl;
    },
    get database() {
      return now().database;
    },
    token: (asked) => now().token(asked),
  };
}

export type Told = {
  readonly isError: boolean;
  /** What a model would read. */
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- as loosely as a model reads it.
  readonly data: any;
};

/** What every client of the tests can do, whichever library it is made of. */
export type AnyClient = AsyncDisposable & {
  readonly tools: () => Promise<readonly { readonly name: string; readonly description?: string | undefined }[]>;
  readonly call: (tool: string, input?: object) => Promise<Told>;
  readonly read: (uri: string) => Promise<string>;
  readonly prompt: (name: string, input?: Readonly<Record<string, string>>) => Promise<string>;
};

type ToolResult = {
  readonly content?: readonly { readonly type: string; readonly text?: string }[] | undefined;
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
};

export function toldBy(result: ToolResult): Told {
  const text = (result.content ?? []).map((part) => part.text ?? '').join('\n');
  const isError = result.isError === true;
  return { isError, text, data: isError ? errorIn(text) : result.structuredContent };
}

function errorIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { error?: unknown }).error ?? text;
  } catch {
    return text;
  }
}

const bearer = (token: string, headers: Readonly<Record<string, string>>) => ({
  requestInit: { headers: { authorization: `Bearer ${token}`, ...headers } },
});

/** The client of the second SDK: 2026-07-28 unless told to speak as the old ones do. */
export async function newClient(
  url: URL,
  token: string,
  { headers = {}, ...options }: ClientOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<AnyClient & { readonly client: Client }> {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } }, ...options },
  );
  await client.connect(new StreamableHTTPClientTransport(url, bearer(token, headers)));
  return { client, ...asAny(client) };
}

/** The real old client: the first SDK, which knows 2025-11-25 at the newest. */
export async function oldClient(url: URL, token: string): Promise<AnyClient & { readonly client: OldClient }> {
  const client = new OldClient({ name: 'old-test', version: '1' });
  const transport = new OldTransport(url, bearer(token, {}));
  await client.connect(transport);
  return { client, ...asAny(client as unknown as Client) };
}

const asAny = (client: Client): AnyClient => ({
  tools: async () => (await client.listTools()).tools,
  call: async (name, input = {}) => toldBy(await client.callTool({ name, arguments: { ...input } })),
  read: async (uri) => {
    const { contents } = await client.readResource({ uri });
    return contents.map((part) => ('text' in part ? part.text : '')).join('\n');
  },
  prompt: async (name, input = {}) => {
    const { messages } = await client.getPrompt({ name, arguments: { ...input } });
    return messages.map(({ content }) => (content.type === 'text' ? content.text : '')).join('\n');
  },
  [Symbol.asyncDispose]: () => client.close(),
});
