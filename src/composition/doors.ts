import { catalogue } from '#application/catalogue.ts';
import type { Logger } from '#application/ports.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { httpApp } from '#http/app.ts';
import { entrance } from '#http/entrance.ts';
import { guard } from '#http/guard.ts';
import { mcpApp, type McpOptions } from '#mcp/app.ts';
import type { Settings } from '#settings/settings.ts';
import type { Orchestrator } from './compose.ts';

export type DoorsOptions = {
  readonly logger: Logger;
  /** Milliseconds from any start, for the access log. */
  readonly now: () => number;
  readonly version: string;
  /** The sources that it was made from, where they are known. */
  readonly commit?: string | null;
  /** What MCP offers besides the catalogue. */
  readonly more?: McpOptions['more'];
};

export type Doors = {
  readonly app: ReturnType<typeof httpApp>;
  /** Ends what would stay open for as long as its caller likes: subscriptions. */
  readonly close: () => Promise<void>;
};

/** All doors of one port: REST, and MCP and Slack beside it. */
export async function openDoors(
  {
    execute,
    authenticate,
    readiness,
    metrics,
    journeyVersions,
    sharedSecret,
    agentPushes,
    clock,
    slack,
    tracer,
  }: Orchestrator,
  { http, mcp, store, oidc, rates }: Settings,
  { logger, now, version, commit = null, more }: DoorsOptions,
): Promise<Doors> {
  const bearer = entrance({ authenticate, ...rates, ids: cryptoIds, now });
  const app = httpApp({
    execute,
    entrance: bearer,
    catalogue,
    readiness,
    metrics,
    ids: cryptoIds,
    logger,
    now,
    version,
    commit,
    tracer,
  });
  const { app: mcpDoor, close } = mcpApp({
    execute,
    catalogue,
    guard: guard(bearer),
    versions: journeyVersions,
    key: await sharedSecret('mcp_confirmations'),
    allowedHosts: mcp.allowedHosts ?? ownNames(http),
    allowedOrigins: mcp.allowedOrigins ?? ownNames(http),
    publicUrl: http.publicUrl,
    authorizationServers: oidc === null ? [] : [oidc.issuer],
    calls_per_second: mcp.callsPerSecond,
    // The embedded database belongs to one process; on a server there may be replicas that know nothing of a session.
    sessions: store.kind === 'embedded',
    ids: cryptoIds,
    clock,
    logger,
    version,
    ...(more === undefined ? {} : { more }),
  });
  app.route('/', mcpDoor);
  if (agentPushes) app.route('/', agentPushes);
  if (slack?.routes) app.route('/', slack.routes);
  return { app, close };
}

/** By what name a request may ask for us where nobody says otherwise: DNS that was turned on us names another. */
function ownNames({ host, publicUrl }: Settings['http']): readonly string[] {
  const wildcard = host === '0.0.0.0' || host === '::';
  return [
    'localhost',
    '127.0.0.1',
    '[::1]',
    ...(wildcard ? [] : [host.includes(':') ? `[${host}]` : host]),
    ...(publicUrl === null ? [] : [new URL(publicUrl).hostname]),
  ];
}
