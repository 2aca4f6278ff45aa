import type { AgentCard } from '@a2a-js/sdk';
import type { JsonObject } from '#core/json.ts';

/** An agent: where its card is, and the intents that the configuration says it is asked for. */
export type AgentEntry = {
  readonly agentId: string;
  readonly cardUrl: string;
  /** Named by an operator; of an agent that was found they follow from its card. */
  readonly intents: readonly string[];
  /** The card itself, where a catalogue holds it. */
  readonly inline?: JsonObject;
};

/** An agent that was found, with the card that it showed. */
export type FoundAgent = { readonly entry: AgentEntry; readonly card: AgentCard };

/** Who offers what. */
export type AgentDirectory = {
  /** The agents that offer the intent, the preferred one first. */
  readonly resolve: (intent: string) => readonly AgentEntry[];
  readonly byId: (agentId: string) => AgentEntry | undefined;
  readonly all: () => readonly AgentEntry[];
};

export type Aliases = { readonly [intent: string]: readonly string[] };

/** The agents that the file names, in its order, and after them those that are found, as far as they are known by now. */
export function agentDirectory(
  named: readonly AgentEntry[],
  found: () => readonly FoundAgent[],
  aliases: Aliases,
): AgentDirectory {
  return {
    resolve: (intent) => [...named.filter(({ intents }) => intents.includes(intent)), ...offering(found(), intent)],
    byId: (agentId) =>
      named.find((entry) => entry.agentId === agentId) ?? found().find(({ entry }) => entry.agentId === agentId)?.entry,
    all: () => [...named, ...found().map(({ entry }) => entry)],
  };

  /** Whoever calls the skill as we do before whoever only tags it so, and those before whoever has another name for it. */
  function offering(agents: readonly FoundAgent[], intent: string): readonly AgentEntry[] {
    return agents
      .flatMap(({ entry, card }) => {
        const skill = skillFor(card, intent, aliases);
        return skill ? [{ entry, by: skill.by }] : [];
      })
      .toSorted((one, other) => one.by - other.by)
      .map(({ entry }) => entry);
  }
}

/** By id, by tag, by alias: the less the better. */
type Match = 0 | 1 | 2;

/** The card's skill for the intent: the one of that id, else the one tagged with it, else the one of another name for it. */
export function skillFor(
  { skills }: AgentCard,
  intent: string,
  aliases: Aliases,
): { readonly id: string; readonly by: Match } | undefined {
  // hasOwn, because an intent called "constructor" would else find Object's.
  const names = Object.hasOwn(aliases, intent) ? (aliases[intent] ?? []) : [];
  const ways: readonly ((skill: AgentCard['skills'][number]) => boolean)[] = [
    ({ id }) => id === intent,
    ({ tags }) => tags.includes(`intent:${intent}`),
    ({ id }) => names.includes(id),
  ];
  for (const [by, fits] of ways.entries()) {
    const skill = skills.find(fits);
    if (skill) return { id: skill.id, by: by as Match };
  }
  return undefined;
}
