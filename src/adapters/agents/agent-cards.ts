import { AgentCard, type AgentInterface } from '@a2a-js/sdk';
import { type Client, ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import { JourneyError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { AgentEntry } from './agent-directory.ts';
import type { Documents } from './documents.ts';
import { keepNewest } from './newest.ts';
import { originOf } from './origins.ts';

/** An agent whose card we hold, and the client that speaks to the one interface which we chose from it. */
export type AgentContact = {
  readonly card: AgentCard;
  /** Where requests go: the interface, or the agent's place at the broker. */
  readonly url: string;
  readonly client: Client;
};

export type AgentCards = {
  /** The contact as far as it is known: the card is asked for when it is old, and the last good copy serves meanwhile. */
  readonly contact: (entry: AgentEntry, signal?: AbortSignal, max_age_ms?: number) => Promise<AgentContact>;
  /** Asks for the card now. Throws what is wrong. */
  readonly ask: (entry: AgentEntry, signal?: AbortSignal) => Promise<AgentContact>;
  readonly known: (entry: AgentEntry) => AgentContact | undefined;
};

export type AgentCardsOptions = {
  readonly documents: Documents;
  readonly fetch: typeof fetch;
  /** Where an interface may be, beside the card's own origin. */
  readonly allowedOrigins: readonly string[];
  /** The URL at the broker, with `{id}` in it; null: there is no broker. */
  readonly broker: string | null;
};

export function agentCards({ documents, fetch: fetchImpl, allowedOrigins, broker }: AgentCardsOptions): AgentCards {
  /** The contact that was made of a card, as long as the card is the same. */
  const made = new Map<string, { readonly body: JsonObject; readonly contact: AgentContact }>();

  async function madeOf(entry: AgentEntry, body: JsonObject): Promise<AgentContact> {
    const before = made.get(entry.agentId);
    if (before?.body === body) return before.contact;
    const contact = await contactOf(entry, body);
    keepNewest(made, entry.agentId, { body, contact });
    return contact;
  }

  function chosen(entry: AgentEntry, card: AgentCard): AgentInterface {
    const spoken = interfacesSpoken(card);
    const [first] = spoken;
    if (broker !== null) return { ...first, url: broker.replace('{id}', encodeURIComponent(entry.agentId)) };
    return ofAllowedOrigin(spoken, new Set([entry.cardUrl, ...allowedOrigins].map(originOf)));
  }

  async function contactOf(entry: AgentEntry, body: JsonObject): Promise<AgentContact> {
    const card = AgentCard.fromJSON(body);
    const { url, ...rest } = chosen(entry, card);
    // The factory picks among the interfaces by its own rules: it is shown the one whose origin was checked.
    const only: AgentCard = { ...card, supportedInterfaces: [{ url, ...rest }] };
    const factory = new ClientFactory({
      transports: [new JsonRpcTransportFactory({ fetchImpl }), new RestTransportFactory({ fetchImpl })],
      // The default resolver decodes a card a second time when it has security schemes, and empties them by that.
      cardResolver: { resolve: () => Promise.resolve(only), normalizeAgentCard: () => only },
    });
    return { card, url, client: await factory.createFromAgentCard(only) };
  }

  const check = (entry: AgentEntry) => (body: JsonObject) => void chosen(entry, AgentCard.fromJSON(body));

  return {
    contact: async (entry, signal, max_age_ms) =>
      madeOf(entry, entry.inline ?? (await documents.read(entry.cardUrl, check(entry), signal, max_age_ms)).body),
    ask: async (entry, signal) =>
      madeOf(entry, entry.inline ?? (await documents.ask(entry.cardUrl, check(entry), signal)).body),
    known: ({ agentId }) => made.get(agentId)?.contact,
  };
}

const bindings = new Set(['JSONRPC', 'HTTP+JSON']);

function interfacesSpoken({ supportedInterfaces }: AgentCard): readonly [AgentInterface, ...AgentInterface[]] {
  const [first, ...others] = supportedInterfaces.filter(
    ({ protocolBinding, protocolVersion }) =>
      bindings.has(protocolBinding.toUpperCase()) && protocolVersion.startsWith('1.'),
  );
  if (first) return [first, ...others];
  throw new JourneyError('agent.unreachable', 'offers no A2A 1.0 interface over JSONRPC or HTTP+JSON in its card');
}

/**
 * A card decides where our requests, and the client's data in them, are sent. So it may name its own origin, or one that
 * an operator has allowed, and nothing else: a foreign card must not turn us against hosts that only we can reach.
 */
function ofAllowedOrigin(
  spoken: readonly [AgentInterface, ...AgentInterface[]],
  allowed: ReadonlySet<string>,
): AgentInterface {
  const found = spoken.find(({ url }) => allowed.has(originOf(url)));
  if (found) return found;
  throw new JourneyError(
    'agent.unreachable',
    `has a card that points to ${originOf(spoken[0].url)}, which is neither the card's own origin nor among the allowed origins`,
  );
}
