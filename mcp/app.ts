import {
  createMcpHandler,
  hostHeaderValidationResponse,
  originValidationResponse,
  type AuthInfo,
} from '@modelcontextprotocol/server';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { SECOND } from '#core/time.ts';
import type { Execute } from '#application/execute.ts';
import type { Clock, Ids, Logger } from '#application/ports.ts';
import { maySee, type Principal } from '#application/principal.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { completion } from './completion.ts';
import { useCaseOf } from './lookup.ts';
import type { McpCaller, Offer } from './offer.ts';
import { prompts } from './prompts.ts';
import { rateLimit } from '#application/rate-limit.ts';
import { clientOfResource, journeyResources } from './resources.ts';
import { scopes, scopesOf } from './scopes.ts';
import { mcpServer, type ServerParts } from './server.ts';
import { legacySessions } from './sessions.ts';
import { catalogueTools } from './tools/catalogue-tools.ts';
import { confirmationCodec, confirmWith } from './tools/confirm.ts';
import { MOST_SUBSCRIBED, watchJourneys, type Versions } from './watch.ts';

/** What the server under it sets before we are asked. */
export type McpEnv = { Variables: { requestId: string; principal?: Principal } };

export type McpOptions = {
  readonly execute: Execute;
  readonly catalogue: readonly AnyUseCase[];
  /** Refuses whoever has no token, and sets the principal of everybody else. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the variables of the server that it belongs to are its own.
  readonly guard: MiddlewareHandler;
  readonly versions: Versions;
  /** Signs confirmations; at least 32 characters, and the same in all replicas. */
  readonly key: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Where others reach the server; null: wherever they did reach it. */
  readonly publicUrl: string | null;
  /** Who issues tokens for it, for clients that look for that. */
  readonly authorizationServers: readonly string[];
  readonly calls_per_second: number;
  /** Whether old clients get sessions: only where every request comes to this process. */
  readonly sessions: boolean;
  readonly ids: Pick<Ids, 'random'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** What is offered besides: the conformance suite brings its fixtures. */
  readonly more?: readonly Offer[];
};

export type McpApp = {
  readonly app: Hono<McpEnv>;
  /** Ends subscriptions and calls that are under way. */
  readonly close: () => Promise<void>;
};

const PATH = '/mcp';
const METADATA = '/.well-known/oauth-protected-resource';
const MOST_BYTES = 262_144;

/** The MCP door: both eras of the protocol from one stateless handler. */
export function mcpApp(options: McpOptions): McpApp {
  const { execute, catalogue, guard, clock, logger, version } = options;
  const codec = confirmationCodec(options.key);
  const confirm = confirmWith(codec, useCaseOf(catalogue, 'journey.show'), execute);
  const offers: readonly Offer[] = [
    {
      tools: catalogueTools(catalogue, execute, confirm),
      resources: journeyResources(catalogue, execute),
      prompts,
      complete: completion(catalogue, execute),
    },
    ...(options.more ?? []),
  ];
  const watch = watchJourneys(options.versions, clock, logger);
  const onerror = (error: Error): void => logger.debug('MCP refused a message.', { error: error.message });
  const parts: ServerParts = { offers, codec, version, onerror };
  const handler = createMcpHandler(({ era }) => mcpServer(parts, era), {
    bus: watch.bus,
    maxRequestBodySize: MOST_BYTES,
    onerror,
  });
  const sessions = options.sessions
    ? legacySessions({
        open: (ended) => mcpServer(parts, 'legacy', { watch, ended }),
        id: options.ids.random,
        now: clock.machine,
        mostBytes: MOST_BYTES,
      })
    : undefined;
  const calls = rateLimit(options.calls_per_second, clock.machine);
  const app = new Hono<McpEnv>();

  const known: MiddlewareHandler<McpEnv> = async (c, next) =>
    hostHeaderValidationResponse(c.req.raw, [...options.allowedHosts]) ??
    originValidationResponse(c.req.raw, [...options.allowedOrigins]) ??
    next();
  for (const path of [METADATA, `${METADATA}${PATH}`])
    app.get(path, known, (c) => c.json(metadata(resourceOf(c, options), options.authorizationServers)));
  app.use(PATH, known, challenge(options), guard);
  app.all(PATH, async (c) => {
    const principal = c.get('principal');
    if (!principal) throw new Error('The guard let a call through without a principal.');
    const wait_ms = calls.take(principal.id);
    if (wait_ms > 0) return tooMany(wait_ms);
    const caller: McpCaller = {
      principal: { ...principal, kind: 'agent' },
      scopes: scopesOf(principal),
      canAsk: false,
      requestId: c.get('requestId'),
      readOnly: /^(?:true|1)$/i.test(c.req.header('x-mcp-readonly') ?? ''),
    };
    const authInfo = authInfoOf(caller);
    return (
      (await sessions?.take(c.req.raw, authInfo)) ??
      (await subscribed(c, caller, watch.add)) ??
      handler.fetch(c.req.raw, { authInfo })
    );
  });
  return {
    app,
    close: async () => {
      await watch.stop();
      await sessions?.close();
      await handler.close();
    },
  };
}

/** The SDK hands this through untouched; the token itself goes no further than the guard. */
const authInfoOf = (caller: McpCaller): AuthInfo => ({
  token: '',
  clientId: caller.principal.id,
  scopes: [...caller.scopes],
  extra: { caller },
});

/** Tells a client that was refused where to learn about tokens (RFC 9728). */
const challenge =
  (options: McpOptions): MiddlewareHandler<McpEnv> =>
  async (c, next) => {
    await next();
    const told = c.res.headers.get('www-authenticate');
    if (c.res.status !== 401 || told === null) return;
    const at = new URL(`${METADATA}${PATH}`, resourceOf(c, options)).href;
    c.res.headers.set('www-authenticate', `${told}${told === 'Bearer' ? ' ' : ', '}resource_metadata="${at}"`);
  };

/** The address by which tokens name this server. The Host header has been checked by then. */
const resourceOf = (c: Context<McpEnv>, { publicUrl }: McpOptions): string =>
  new URL(`${publicUrl?.replace(/\/+$/, '') ?? new URL(c.req.url).origin}${PATH}`).href;

const metadata = (resource: string, authorizationServers: readonly string[]): object => ({
  resource,
  resource_name: 'Client Journey Orchestrator',
  ...(authorizationServers.length > 0 ? { authorization_servers: authorizationServers } : {}),
  scopes_supported: scopes,
  bearer_methods_supported: ['header'],
});

const tooMany = (wait_ms: number): Response => {
  const seconds = Math.max(1, Math.ceil(wait_ms / SECOND));
  return rpcError(429, -32_000, `Too many calls: wait ${seconds} s.`, { 'retry-after': String(seconds) });
};

const rpcError = (status: number, code: number, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status, headers });

/**
 * A subscription names addresses; nobody may learn by it that a journey moves which he may not see. The SDK's own router
 * knows neither principals nor journeys, so the request is looked at before it gets there.
 */
async function subscribed(
  c: Context<McpEnv>,
  { principal }: McpCaller,
  add: (resources: ReadonlyMap<string, string>, until: AbortSignal) => Promise<void>,
): Promise<Response | undefined> {
  if (c.req.method !== 'POST' || c.req.header('mcp-method') !== 'subscriptions/listen') return undefined;
  const uris = await subscriptionsIn(c.req.raw.clone());
  if (uris.length > MOST_SUBSCRIBED)
    return rpcError(400, -32_602, `A subscription names ${MOST_SUBSCRIBED} resources at most.`);
  const resources = new Map<string, string>();
  for (const uri of uris) {
    const clientId = clientOfResource(uri);
    if (clientId === undefined) continue;
    if (!maySee(principal, clientId)) return rpcError(400, -32_602, `There is no ${uri.slice(0, 200)}.`);
    resources.set(uri, clientId);
  }
  if (resources.size > 0) await add(resources, c.req.raw.signal);
  return undefined;
}

async function subscriptionsIn(request: Request): Promise<readonly string[]> {
  try {
    const { params } = (await request.json()) as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
    const uris = params?.notifications?.resourceSubscriptions;
    return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
  } catch {
    return [];
  }
}
