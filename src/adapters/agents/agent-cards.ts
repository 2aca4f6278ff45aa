import { A2A_PROTOCOL_VERSION, A2A_VERSION_HEADER, AgentCard, type AgentInterface } from '@a2a-js/sdk';
import { type Client, ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import { JourneyError } from '#core/errors.ts';
import { isObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { AgentEntry } from './agent-directory.ts';
import { problemOf } from './agent-failure.ts';
import { withDeadline } from './deadline.ts';
import { guardedFetch } from './guarded-fetch.ts';
import type { AgentLimits } from './limits.ts';

/** An agent whose card we hold, and the client that speaks to the one interface which we chose from it. */
export type AgentContact = { readonly card: AgentCard; readonly url: string; readonly client: Client };

export type AgentCards = {
  /** The contact as far as it is known: the card is asked for when it is old, and the last good copy serves meanwhile. */
  readonly contact: (entry: AgentEntry, signal: AbortSignal) => Promise<AgentContact>;
  /** Asks for the card now. Throws what is wrong. */
  readonly ask: (entry: AgentEntry) => Promise<AgentContact>;
  readonly known: (entry: AgentEntry) => AgentContact | undefined;
};

type Cached = { readonly contact: AgentContact; readonly etag: string | null; readonly checkedAt: Instant };

export function agentCards(
  clock: Clock,
  logger: Logger,
  limits: AgentLimits,
  seen: (agentId: string) => void,
): AgentCards {
  const cache = new Map<string, Cached>();
  const fetchGuarded = guardedFetch(limits.response_bytes);

  async function refresh(entry: AgentEntry, signal?: AbortSignal): Promise<AgentContact> {
    const cached = cache.get(entry.agentId);
    const response = await withDeadline(clock, limits.card_timeout_ms, signal, (deadline) =>
      fetchGuarded(entry.cardUrl, { headers: headersFor(cached), signal: deadline }),
    );
    const unchanged = response.status === 304 ? cached : undefined;
    const fresh = unchanged?.contact ?? (await contactFrom(entry, await readCard(response), fetchGuarded, limits));
    const etag = unchanged ? unchanged.etag : response.headers.get('etag');
    cache.set(entry.agentId, { contact: fresh, etag, checkedAt: clock.machine() });
    seen(entry.agentId);
    return fresh;
  }

  async function contact(entry: AgentEntry, signal: AbortSignal): Promise<AgentContact> {
    const cached = cache.get(entry.agentId);
    if (cached && clock.machine() - cached.checkedAt < limits.card_max_age_ms) return cached.contact;
    try {
      return await refresh(entry, signal);
    } catch (error) {
      if (!cached) throw error;
      logger.warn('An agent card cannot be read; the last good copy is used.', {
        agent: entry.agentId,
        problem: problemOf(error),
      });
      // The call itself may still succeed, and asking before every call would cost each the card's whole timeout.
      cache.set(entry.agentId, { ...cached, checkedAt: clock.machine() });
      return cached.contact;
    }
  }

  return { contact, ask: (entry) => refresh(entry), known: ({ agentId }) => cache.get(agentId)?.contact };
}

const headersFor = (cached: Cached | undefined): Record<string, string> => ({
  accept: 'application/json',
  [A2A_VERSION_HEADER]: A2A_PROTOCOL_VERSION,
  ...(cached?.etag ? { 'if-none-match': cached.etag } : {}),
});

async function readCard(response: Response): Promise<AgentCard> {
  if (!response.ok)
    throw new JourneyError('agent.unreachable', `answered HTTP ${response.status} to a request for its card`);
  const document: unknown = await response.json();
  if (!isObject(document)) throw new JourneyError('agent.unreachable', 'has a card that is not an object');
  return AgentCard.fromJSON(document);
}

async function contactFrom(
  entry: AgentEntry,
  card: AgentCard,
  fetchImpl: typeof fetch,
  limits: AgentLimits,
): Promise<AgentContact> {
  const chosen = chooseInterface(entry, card, limits.allowedOrigins);
  // The factory picks among the interfaces by its own rules: it is shown the one whose origin was checked.
  const only: AgentCard = { ...card, supportedInterfaces: [chosen] };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
    // The default resolver decodes a card a second time when it has security schemes, and empties them by that.
    cardResolver: { resolve: () => Promise.resolve(only), normalizeAgentCard: () => only },
  });
  return { card, url: chosen.url, client: await factory.createFromAgentCard(only) };
}

const bindings = new Set(['JSONRPC', 'HTTP+JSON']);

/**
 * A card decides where our requests, and the client's data in them, are sent. So it may name its own origin, or one that
 * an operator has allowed, and nothing else: a foreign card must not turn us against hosts that only we can reach.
 */
function chooseInterface(entry: AgentEntry, card: AgentCard, allowedOrigins: readonly string[]): AgentInterface {
  const spoken = card.supportedInterfaces.filter(
    ({ protocolBinding, protocolVersion }) =>
      bindings.has(protocolBinding.toUpperCase()) && protocolVersion.startsWith('1.'),
  );
  const [first] = spoken;
  if (!first)
    throw new JourneyError('agent.unreachable', 'offers no A2A 1.0 interface over JSONRPC or HTTP+JSON in its card');
  const allowed = new Set([entry.cardUrl, ...allowedOrigins].map(originOf));
  const chosen = spoken.find(({ url }) => allowed.has(originOf(url)));
  if (chosen) return chosen;
  throw new JourneyError(
    'agent.unreachable',
    `has a card that points to ${originOf(first.url)}, which is neither the card's own origin nor among the allowed origins`,
  );
}

// Only http and https have an origin; for anything else URL says "null", which must equal nothing.
function originOf(url: string): string {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null';
  return origin === 'null' ? `no origin (${url.slice(0, 100)})` : origin;
}
