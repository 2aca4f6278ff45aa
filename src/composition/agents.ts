import { attemptIdOf, attemptNamed, type AttemptName } from '#core/work/unit.ts';
import { SECOND } from '#core/time.ts';
import type { RaiseAlert } from '#application/alerts.ts';
import type { Finding, Probe } from '#application/probes.ts';
import type { AgentSource } from '#application/agent-sources.ts';
import type { AgentGateway, Clock, Logger } from '#application/ports.ts';
import { a2aGateway } from '#adapters/agents/a2a-gateway.ts';
import { askAnything } from '#adapters/agents/ask-anything.ts';
import { pushTokens, type PushTokens } from '#adapters/agents/push-tokens.ts';
import { postgresAgentCopies } from '#adapters/postgres/agent-copies.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { watchSources } from '#application/watch-sources.ts';
import { agentPush, pushPath } from '#http/agent-push.ts';
import { again, type Scheduled } from '#scheduler/scheduler.ts';
import type { Settings } from '#settings/settings.ts';

export type Agents = {
  readonly gateway: AgentGateway;
  /** Null: nobody can reach us, so that we only ask. */
  readonly pushes: PushTokens | null;
};

type Parts = {
  readonly database: Database;
  readonly inProcessIntents: readonly string[];
  readonly sharedSecret: (name: string) => Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** The agents that are named, and those that can be found by now: work may be routed from the first moment on. */
export async function openAgents(
  { agents, discovery, http }: Pick<Settings, 'agents' | 'discovery' | 'http'>,
  { database, sharedSecret, ...parts }: Parts,
): Promise<Agents> {
  const { publicUrl } = http;
  const pushes = publicUrl === null ? null : pushTokens(await sharedSecret('agent_pushes'));
  const gateway = a2aGateway({
    ...agents,
    ...discovery,
    ...parts,
    copies: postgresAgentCopies(database),
    push:
      pushes &&
      ((assignment) => {
        const attemptId = attemptIdOf(assignment);
        return { url: new URL(pushPath(attemptId), publicUrl ?? '').href, token: pushes.of(attemptId) };
      }),
  });
  await gateway.discover();
  return { gateway, pushes };
}

const LOOK_EVERY_MS = 60 * SECOND;

/** Also a replica that does no work itself says who does it, and routes what it records. */
export const lookForAgents = (gateway: AgentGateway, raise: RaiseAlert, clock: Clock, logger: Logger): Scheduled =>
  again(LOOK_EVERY_MS, 'Looking for agents', watchSources(gateway, raise), clock, logger);

export type WakeAttempt = (attempt: AttemptName & { readonly clientId: string }) => Promise<boolean>;

/** The route by which agents tell that something has happened; null: none is offered. */
export const agentPushRoutes = (pushes: PushTokens | null, wake: WakeAttempt, clock: Clock) =>
  pushes && agentPush({ fits: pushes.fits, wake: (attemptId) => wake(attemptNamed(attemptId)), now: clock.machine });

/** What is wrong with where agents are looked for, as readiness says it; null: nothing is. */
export function discoveryProblem(sources: readonly AgentSource[]): string | null {
  const silent = sources.filter(({ state }) => state !== 'ok').map(({ url, state }) => `${url} is ${state}`);
  return silent.length === 0 ? null : `${silent.join(', ')}: journey-cli check-agents`;
}

/** Broker, discovery and every agent, looked at without changing anything there. */
export const agentProbes = (
  { discovery, agents }: Pick<Settings, 'agents' | 'discovery'>,
  gateway: Pick<AgentGateway, 'discover' | 'sources' | 'health'>,
  clock: Clock,
): readonly Probe[] => [
  { name: 'broker', look: (signal) => lookAtBroker(discovery.broker, clock, signal) },
  { name: 'discovery', look: () => lookAtSources(gateway) },
  ...agents.agents.map(({ agentId, intents }) => ({
    name: `agent ${agentId}`,
    look: () => lookAtAgent(gateway, agentId, intents[0]),
  })),
];

async function lookAtBroker(broker: string | null, clock: Clock, signal: AbortSignal): Promise<readonly Finding[]> {
  if (broker === null) return [{ state: 'off', said: 'PROTOCOL_BROKER_HOST is not set: agents are called directly.' }];
  const { origin } = new URL(broker.replace('{id}', ''));
  const said = await askAnything(clock, origin, signal);
  if (said.answered) return [{ state: 'ok', said: `${origin} answers (HTTP ${said.status}).` }];
  return [
    {
      state: 'failed',
      said: `${origin} ${said.problem}.`,
      hint: 'Correct PROTOCOL_BROKER_HOST and PROTOCOL_BROKER_PORT, or bring the broker up: no agent can be called without it.',
    },
  ];
}

async function lookAtSources(gateway: Pick<AgentGateway, 'discover' | 'sources'>): Promise<readonly Finding[]> {
  await gateway.discover();
  const sources = gateway.sources();
  if (sources.length === 0)
    return [{ state: 'off', said: 'Agents are only those that agents.yaml names: no well_known, no catalogue.' }];
  return sources.map(({ url, state, agents, problem }): Finding => {
    const offers = `${url} offers ${agents} ${agents === 1 ? 'agent' : 'agents'}`;
    if (state === 'ok' && problem === null) return { state: 'ok', said: `${offers}.` };
    if (state === 'ok')
      return { state: 'warning', said: `${offers}. ${problem}`, hint: 'Correct what it lists, or allow its origins.' };
    return {
      state: state === 'stale' ? 'warning' : 'failed',
      said: `${url} cannot be read. ${problem ?? ''}`.trim(),
      hint:
        state === 'stale'
          ? 'Bring it back: its last good copy is used meanwhile.'
          : 'Correct its address, or bring it up: there is no copy of what it offers.',
    };
  });
}

async function lookAtAgent(
  gateway: Pick<AgentGateway, 'health'>,
  agentId: string,
  intent: string | undefined,
): Promise<readonly Finding[]> {
  const found = (await gateway.health(intent)).find((one) => one.agentId === agentId);
  if (!found) return [{ state: 'failed', said: `${agentId} is not known.` }];
  if (!found.healthy)
    return [
      {
        state: 'failed',
        said: found.problem ?? `${agentId} does not answer.`,
        hint: 'Bring it up, or correct its card_url in agents.yaml.',
      },
    ];
  if (found.problem !== undefined)
    return [{ state: 'warning', said: found.problem, hint: 'Correct its intents in agents.yaml, or its card.' }];
  return [{ state: 'ok', said: `${agentId} answers at ${found.url}.` }];
}
