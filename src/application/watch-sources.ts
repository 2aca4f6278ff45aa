import type { RaiseAlert } from './alerts.ts';
import type { AgentGateway } from './ports.ts';

/** As often must a source fail in a row before somebody is woken: one look that fails is no news. */
const FAILURES_TO_TELL = 3;

/** Looks for agents, and tells once when a source cannot be read any more. */
export function watchSources(
  agents: Pick<AgentGateway, 'discover' | 'sources'>,
  raise: RaiseAlert,
): () => Promise<void> {
  const failures = new Map<string, number>();
  return async () => {
    await agents.discover();
    for (const { url, state, problem, agents: offered } of agents.sources()) {
      const failed = state === 'ok' ? 0 : (failures.get(url) ?? 0) + 1;
      failures.set(url, failed);
      if (failed === FAILURES_TO_TELL)
        raise('discovery_degraded', `${url} cannot be read; what is known of its agents is used: ${problem}`, {
          source: url,
          state,
          agents: offered,
        });
    }
  };
}
