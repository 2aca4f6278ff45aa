/** An agent as config/agents.yaml names it: where its card is, and the intents that it is asked for. */
export type AgentEntry = {
  readonly agentId: string;
  readonly cardUrl: string;
  readonly intents: readonly string[];
};

/** Who offers what. Static today; well-known hosts, a catalogue and a broker can stand behind the same two questions. */
export type AgentDirectory = {
  /** The agents that offer the intent, the preferred one first. */
  readonly resolve: (intent: string) => readonly AgentEntry[];
  readonly all: () => readonly AgentEntry[];
};

export function staticDirectory(agents: readonly AgentEntry[]): AgentDirectory {
  return {
    resolve: (intent) => agents.filter(({ intents }) => intents.includes(intent)),
    all: () => agents,
  };
}
