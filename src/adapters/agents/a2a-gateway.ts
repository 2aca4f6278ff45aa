import type { AgentCard } from '@a2a-js/sdk';
import type { Instant } from '#core/time.ts';
import type { AgentGateway, Assignment, Clock, Logger, RemoteTask, TaskOutcome } from '#application/ports.ts';
import { type AgentContact, agentCards } from './agent-cards.ts';
import { type AgentDirectory, type AgentEntry, staticDirectory } from './agent-directory.ts';
import { outcomeOf, problemOf } from './agent-failure.ts';
import { askHealth } from './agent-health.ts';
import { findTask, getTask } from './agent-tasks.ts';
import { withDeadline } from './deadline.ts';
import { type AgentLimits, defaultAgentLimits } from './limits.ts';
import { contextIdOf, requestFor } from './message.ts';
import { answeredDirectly, failed, remoteTaskOf } from './remote-task.ts';

export type Route = ReturnType<AgentGateway['route']>;

export type A2aGatewayOptions = {
  readonly agents: readonly AgentEntry[];
  /** What config/agents.yaml says outright; it wins over what follows from who offers the intent. */
  readonly routes: { readonly [intent: string]: Route };
  readonly inProcessIntents: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<AgentLimits>;
};

export function a2aGateway(options: A2aGatewayOptions): AgentGateway {
  const { clock, logger } = options;
  const limits = { ...defaultAgentLimits, ...options.limits };
  const directory = staticDirectory(options.agents);
  const lastSeen = new Map<string, Instant>();
  const seen = (agentId: string) => void lastSeen.set(agentId, clock.machine());
  const cards = agentCards(clock, logger, limits, seen);

  const call: Call = (agent, signal, run) =>
    withDeadline(clock, limits.call_timeout_ms, signal, async (deadline) => {
      const result = await run(await cards.contact(agent, deadline), deadline);
      seen(agent.agentId);
      return result;
    });
  const attempt = attempting(directory, call);

  return {
    route: (intent) => routeOf(intent, options, directory),
    send: (assignment, signal) =>
      attempt(assignment, null, signal, (contact, deadline) => send(contact, assignment, deadline)),
    poll: (assignment, remoteTaskId, signal) =>
      attempt(assignment, remoteTaskId, signal, ({ client }, deadline) =>
        getTask(client, assignment, remoteTaskId, deadline),
      ),
    find: (assignment, signal) =>
      attempt(assignment, null, signal, ({ client }, deadline) => findTask(client, assignment, deadline)),
    cancel: cancelling(directory, call, logger),
    health: (intent) =>
      askHealth(
        intent === undefined ? directory.all() : directory.resolve(intent),
        cards,
        (agentId) => lastSeen.get(agentId) ?? null,
      ),
  };
}

type Run<T> = (contact: AgentContact, signal: AbortSignal) => Promise<T>;
type Call = <T>(agent: AgentEntry, signal: AbortSignal, run: Run<T>) => Promise<T>;

function routeOf(intent: string, { routes, inProcessIntents }: A2aGatewayOptions, directory: AgentDirectory): Route {
  // hasOwn, because an intent called "constructor" would else be routed to Object's.
  const explicit = Object.hasOwn(routes, intent) ? routes[intent] : undefined;
  if (explicit) return explicit;
  if (inProcessIntents.includes(intent)) return 'in_process';
  return directory.resolve(intent).length > 0 ? 'a2a' : 'pull';
}

/**
 * Calls the first agent that offers the intent; whatever goes wrong becomes the end of the attempt, as a value. Always
 * the first, because a poll must reach the agent that the task was sent to.
 */
const attempting =
  (directory: AgentDirectory, call: Call) =>
  async <T>(of: Assignment, taskId: string | null, signal: AbortSignal, run: Run<T>): Promise<T | RemoteTask> => {
    const [agent] = directory.resolve(of.intent);
    if (!agent) return ended(taskId, failed('agent.none', `No agent offers ${of.intent}.`));
    try {
      return await call(agent, signal, run);
    } catch (error) {
      return ended(taskId, outcomeOf(error, agent.agentId));
    }
  };

const ended = (remoteTaskId: string | null, outcome: TaskOutcome): RemoteTask => ({
  state: 'ended',
  remoteTaskId,
  outcome,
});

async function send({ card, client }: AgentContact, assignment: Assignment, signal: AbortSignal): Promise<RemoteTask> {
  const answer = await client.sendMessage(requestFor(assignment, skillIdOf(card, assignment.intent)), { signal });
  return 'messageId' in answer ? answeredDirectly(answer) : remoteTaskOf(answer, contextIdOf(assignment));
}

/** The card's word for the intent: the skill of that id, else the one tagged with it, else the intent itself. */
function skillIdOf({ skills }: AgentCard, intent: string): string {
  const skill = skills.find(({ id }) => id === intent) ?? skills.find(({ tags }) => tags.includes(`intent:${intent}`));
  return skill?.id ?? intent;
}

const cancelling =
  (directory: AgentDirectory, call: Call, logger: Logger): AgentGateway['cancel'] =>
  async ({ intent, clientId, workId, taskId }, remoteTaskId, signal) => {
    const [agent] = directory.resolve(intent);
    if (!agent) return;
    try {
      await call(agent, signal, ({ client }, deadline) =>
        client.cancelTask({ tenant: '', id: remoteTaskId, metadata: undefined }, { signal: deadline }),
      );
    } catch (error) {
      logger.warn('An agent did not cancel a task; its result will be refused.', {
        client_id: clientId,
        work_id: workId,
        task_id: taskId,
        remote_task_id: remoteTaskId,
        agent: agent.agentId,
        problem: problemOf(error),
      });
    }
  };
