import type { Instant } from '#core/time.ts';
import type { AgentHealth } from '#application/ports.ts';
import type { AgentCards, AgentContact } from './agent-cards.ts';
import type { AgentEntry } from './agent-directory.ts';
import { problemOf } from './agent-failure.ts';

/** How many agents are asked at once. */
const batch_size = 8;

/** Asks every agent for its card, now. An agent that does not answer is a finding, never an error. */
export async function askHealth(
  agents: readonly AgentEntry[],
  cards: AgentCards,
  lastSeen: (agentId: string) => Instant | null,
): Promise<readonly AgentHealth[]> {
  const ask = async (agent: AgentEntry): Promise<AgentHealth> => {
    const asked = await cards.ask(agent).catch((error: unknown) => problemOf(error));
    return healthOf(agent, asked, cards.known(agent), lastSeen(agent.agentId));
  };
  const found: AgentHealth[] = [];
  for (let start = 0; start < agents.length; start += batch_size) {
    found.push(...(await Promise.all(agents.slice(start, start + batch_size).map(ask))));
  }
  return found;
}

function healthOf(
  { agentId, cardUrl, intents }: AgentEntry,
  asked: AgentContact | string,
  known: AgentContact | undefined,
  lastSeen: Instant | null,
): AgentHealth {
  const shown = { agentId, name: known?.card.name || agentId, url: known?.url ?? cardUrl, lastSeen };
  if (typeof asked === 'string') return { ...shown, healthy: false, problem: `${agentId} ${asked}.` };
  const missing = intents.filter((intent) => !offers(asked, intent));
  // It answers, so work is still sent to it: skills are the agent's words, and the operator's config outranks them.
  return {
    ...shown,
    healthy: true,
    ...(missing.length === 0 ? {} : { problem: `Its card has no skill ${missing.join(', ')}.` }),
  };
}

const offers = ({ card }: AgentContact, intent: string): boolean =>
  card.skills.some(({ id, tags }) => id === intent || tags.includes(`intent:${intent}`));
