import type { Instant } from '#core/time.ts';
import type { AgentHealth } from '#application/ports.ts';
import type { AgentCards, AgentContact } from './agent-cards.ts';
import { skillFor, type AgentEntry, type Aliases } from './agent-directory.ts';
import { problemOf } from './agent-failure.ts';
import { inBatches } from './in-batches.ts';

/** How many agents are asked at once. */
const AT_ONCE = 8;

/** When each agent last answered. */
export type LastSeen = { readonly of: (agentId: string) => Instant | null; readonly now: (agentId: string) => void };

/** Asks every agent for its card, now. An agent that does not answer is a finding, never an error. */
export const askHealth = (
  agents: readonly AgentEntry[],
  cards: AgentCards,
  aliases: Aliases,
  seen: LastSeen,
): Promise<readonly AgentHealth[]> =>
  inBatches(agents, AT_ONCE, async (agent) => {
    const asked = await cards.ask(agent).catch((error: unknown) => problemOf(error));
    if (typeof asked !== 'string') seen.now(agent.agentId);
    return healthOf(agent, asked, cards.known(agent), aliases, seen.of(agent.agentId));
  });

function healthOf(
  { agentId, cardUrl, intents }: AgentEntry,
  asked: AgentContact | string,
  known: AgentContact | undefined,
  aliases: Aliases,
  lastSeen: Instant | null,
): AgentHealth {
  const shown = { agentId, name: known?.card.name || agentId, url: known?.url ?? cardUrl, lastSeen };
  if (typeof asked === 'string') return { ...shown, healthy: false, problem: `${agentId} ${asked}.` };
  const missing = intents.filter((intent) => skillFor(asked.card, intent, aliases) === undefined);
  // It answers, so work is still sent to it: skills are the agent's words, and the operator's config outranks them.
  return {
    ...shown,
    healthy: true,
    ...(missing.length === 0 ? {} : { problem: `Its card has no skill ${missing.join(', ')}.` }),
  };
}
