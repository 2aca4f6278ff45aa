import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import type { AgentSource } from '#application/agent-sources.ts';
import type { Clock } from '#application/ports.ts';
import type { AgentCards } from './agent-cards.ts';
import type { AgentEntry, FoundAgent } from './agent-directory.ts';
import { problemOf } from './agent-failure.ts';
import { agentsListed, checkCatalogue } from './catalogue.ts';
import { withDeadline } from './deadline.ts';
import type { Documents } from './documents.ts';
import { inBatches } from './in-batches.ts';
import type { AgentLimits } from './limits.ts';
import { originOf } from './origins.ts';

export type Discovery = {
  /** The agents that were found at the last look, in the order of their sources. */
  readonly found: () => readonly FoundAgent[];
  readonly sources: () => readonly AgentSource[];
  /** Looks at every source, now. What is wrong with one is a finding. */
  readonly look: () => Promise<void>;
};

export type DiscoveryOptions = {
  readonly documents: Documents;
  readonly cards: AgentCards;
  readonly clock: Clock;
  readonly limits: AgentLimits;
  readonly named: readonly AgentEntry[];
  readonly wellKnown: readonly string[];
  readonly catalogue: string | null;
  readonly allowedOrigins: readonly string[];
};

type Looked = { readonly source: AgentSource; readonly agents: readonly FoundAgent[] };

/** How many cards of one catalogue are asked for at once. */
const AT_ONCE = 8;
const MOST_PROBLEMS_TEXT = 500;

export function openDiscovery(options: DiscoveryOptions): Discovery {
  const { documents, cards, clock, limits, named, wellKnown, catalogue, allowedOrigins } = options;
  const allowed = new Set([
    ...allowedOrigins,
    ...wellKnown,
    ...named.map(({ cardUrl }) => originOf(cardUrl)),
    ...(catalogue === null ? [] : [originOf(catalogue)]),
  ]);
  const nothingYet: Looked[] = [
    ...wellKnown.map((url) => unread('well_known', url, null)),
    ...(catalogue === null ? [] : [unread('catalogue', catalogue, null)]),
  ];
  let looked: readonly Looked[] = nothingYet;
  let found: readonly FoundAgent[] = [];

  async function lookAtHost(origin: string, signal: AbortSignal): Promise<Looked> {
    const cardUrl = `${origin}/${AGENT_CARD_PATH}`;
    const entry = { agentId: new URL(origin).host, cardUrl, intents: [] };
    try {
      const { card } = await cards.contact(entry, signal, 0);
      return { source: sourceOf('well_known', origin, cardUrl, 1, []), agents: [{ entry, card }] };
    } catch (error) {
      return unread('well_known', origin, problemOf(error));
    }
  }

  async function lookAtCatalogue(url: string, signal: AbortSignal): Promise<Looked> {
    try {
      const { body } = await documents.read(url, checkCatalogue, signal, 0);
      const listed = agentsListed(url, body, allowed);
      const problems = [...listed.problems];
      const agents = await inBatches(listed.agents, AT_ONCE, async (entry): Promise<FoundAgent | null> => {
        try {
          return { entry, card: (await cards.contact(entry, signal)).card };
        } catch (error) {
          problems.push(`${entry.agentId} ${problemOf(error)}.`);
          return null;
        }
      });
      const usable = agents.filter((agent) => agent !== null);
      return { source: sourceOf('catalogue', url, url, usable.length, problems), agents: usable };
    } catch (error) {
      return unread('catalogue', url, problemOf(error));
    }
  }

  function sourceOf(
    kind: AgentSource['kind'],
    url: string,
    documentUrl: string,
    agents: number,
    problems: readonly string[],
  ): AgentSource {
    const document = documents.known(documentUrl);
    const stale = document?.problem ?? null;
    const said = [...(stale === null ? [] : [`It ${stale}.`]), ...problems].join(' ');
    return {
      kind,
      url,
      state: stale === null ? 'ok' : 'stale',
      agents,
      readAt: document?.readAt ?? null,
      problem: said === '' ? null : said.slice(0, MOST_PROBLEMS_TEXT),
    };
  }

  return {
    found: () => found,
    sources: () => looked.map(({ source }) => source),
    look: async () => {
      if (nothingYet.length === 0) return;
      looked = await withDeadline(clock, limits.discovery_timeout_ms, undefined, (signal) =>
        Promise.all([
          ...wellKnown.map((origin) => lookAtHost(origin, signal)),
          ...(catalogue === null ? [] : [lookAtCatalogue(catalogue, signal)]),
        ]),
      );
      found = distinct(
        named,
        looked.flatMap(({ agents }) => agents),
      );
    },
  };
}

const unread = (kind: AgentSource['kind'], url: string, problem: string | null): Looked => ({
  source: {
    kind,
    url,
    state: 'unread',
    agents: 0,
    readAt: null,
    problem: problem === null ? 'It was not looked at yet.' : `It ${problem}.`,
  },
  agents: [],
});

/** What an operator has named is never replaced by what somebody else lists under its name, or once more. */
function distinct(named: readonly AgentEntry[], found: readonly FoundAgent[]): readonly FoundAgent[] {
  const ids = new Set(named.map(({ agentId }) => agentId));
  const urls = new Set(named.map(({ cardUrl }) => cardUrl));
  return found.filter(({ entry: { agentId, cardUrl, inline } }) => {
    if (ids.has(agentId) || (inline === undefined && urls.has(cardUrl))) return false;
    ids.add(agentId);
    urls.add(cardUrl);
    return true;
  });
}
