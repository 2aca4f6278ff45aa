import type { AgentCard } from '@a2a-js/sdk';
import type { Instant } from '#core/time.ts';
import type { AgentCopies } from '#application/agent-sources.ts';
import type { AgentGateway, Assignment, Clock, Logger, RemoteTask, TaskOutcome } from '#application/ports.ts';
import { agentCards, type AgentContact } from './agent-cards.ts';
import { type AgentDirectory, type AgentEntry, agentDirectory, type Aliases, skillFor } from './agent-directory.ts';
import { outcomeOf, problemOf } from './agent-failure.ts';
import { askHealth, type LastSeen } from './agent-health.ts';
import { findTask, getTask } from './agent-tasks.ts';
import { withDeadline } from './deadline.ts';
import { openDiscovery } from './discovery.ts';
import { openDocuments } from './documents.ts';
import { type AgentTokens, guardedFetch } from './guarded-fetch.ts';
import { type AgentLimits, defaultAgentLimits } from './limits.ts';
import { answerFor, contextIdOf, type PushTarget, requestFor } from './message.ts';
import { keepNewest } from './newest.ts';
import { answeredDirectly, failed, remoteTaskOf } from './remote-task.ts';

export type Route = ReturnType<AgentGateway['route']>;

export type A2aGatewayOptions = {
  readonly agents: readonly AgentEntry[];
  /** What config/agents.yaml says outright; it wins over what follows from who offers the intent. */
  readonly routes: { readonly [intent: string]: Route };
  readonly inProcessIntents: readonly string[];
  readonly wellKnown: readonly string[];
  readonly catalogue: string | null;
  readonly broker: string | null;
  readonly aliases: Aliases;
  readonly allowedOrigins: readonly string[];
  readonly tokens: AgentTokens;
  readonly copies: AgentCopies;
  /** Where an agent that can may tell about the assignment; null: we only ask. */
  readonly push: ((assignment: Assignment) => PushTarget) | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<AgentLimits>;
};

export function a2aGateway(options: A2aGatewayOptions): AgentGateway {
  const { clock, logger, agents, aliases, push } = options;
  const limits = { ...defaultAgentLimits, ...options.limits };
  const fetchGuarded = guardedFetch(limits.response_bytes, options.tokens);
  const documents = openDocuments({ ...options, limits, fetch: fetchGuarded });
  const cards = agentCards({ ...options, documents, fetch: fetchGuarded });
  const discovery = openDiscovery({ ...options, named: agents, documents, cards, limits });
  const directory = agentDirectory(agents, discovery.found, aliases);
  const seen = lastSeen(clock);

  const call: Call = (agent, signal, run) =>
    withDeadline(clock, limits.call_timeout_ms, signal, async (deadline) => {
      const result = await run(await cards.contact(agent, deadline), deadline);
      seen.now(agent.agentId);
      return result;
    });
  const attempt = attempting(directory, call);

  return {
    route: (intent) => routeOf(intent, options, directory),
    send: (assignment, signal) =>
      attempt(assignment, null, signal, async ({ card, client }, deadline) => {
        const target = push !== null && card.capabilities?.pushNotifications === true ? push(assignment) : null;
        const request = requestFor(assignment, skillIdOf(card, assignment.intent, aliases), target);
        return answered(await client.sendMessage(request, { signal: deadline, ...traceOf(assignment) }), assignment);
      }),
    poll: (assignment, remoteTaskId, signal) =>
      attempt(assignment, remoteTaskId, signal, ({ client }, deadline) =>
        getTask(client, assignment, remoteTaskId, deadline),
      ),
    find: (assignment, signal) =>
      attempt(assignment, null, signal, ({ client }, deadline) => findTask(client, assignment, deadline)),
    answer: (assignment, remoteTaskId, answer, signal) =>
      attempt(assignment, remoteTaskId, signal, async ({ client }, deadline) =>
        answered(
          await client.sendMessage(answerFor(assignment, remoteTaskId, answer), {
            signal: deadline,
            ...traceOf(assignment),
          }),
          assignment,
        ),
      ),
    cancel: cancelling(directory, call, logger),
    health: (intent) =>
      askHealth(intent === undefined ? directory.all() : directory.resolve(intent), cards, aliases, seen),
    discover: discovery.look,
    sources: discovery.sources,
  };
}

function lastSeen(clock: Clock): LastSeen {
  const times = new Map<string, Instant>();
  return { of: (agentId) => times.get(agentId) ?? null, now: (agentId) => keepNewest(times, agentId, clock.machine()) };
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
 * Calls the agent that has the assignment, or else the first one that offers the intent; whatever goes wrong becomes the
 * end of the attempt, as a value.
 */
const attempting =
  (directory: AgentDirectory, call: Call) =>
  async <T extends RemoteTask | null>(
    of: Assignment,
    taskId: string | null,
    signal: AbortSignal,
    run: Run<T>,
  ): Promise<T | RemoteTask> => {
    const agent = agentFor(directory, of);
    if (!agent) return ended(taskId, nobody(of));
    try {
      const remote = await call(agent, signal, run);
      return remote === null || remote.state === 'ended' ? remote : { ...remote, agentId: agent.agentId };
    } catch (error) {
      return ended(taskId, outcomeOf(error, agent.agentId));
    }
  };

const agentFor = (directory: AgentDirectory, { agentId, intent }: Assignment): AgentEntry | undefined =>
  agentId === null ? directory.resolve(intent)[0] : directory.byId(agentId);

/** An agent that has the task and is not listed any more may be listed again: its silence decides, as for any other. */
const nobody = ({ agentId, intent }: Assignment): TaskOutcome =>
  agentId === null
    ? failed('agent.none', `No agent offers ${intent}.`)
    : failed('agent.unreachable', `${agentId}, which has the task, is neither named nor found any more.`);

const ended = (remoteTaskId: string | null, outcome: TaskOutcome): RemoteTask => ({
  state: 'ended',
  remoteTaskId,
  outcome,
});

type Answer = Awaited<ReturnType<AgentContact['client']['sendMessage']>>;

const answered = (answer: Answer, assignment: Assignment): RemoteTask =>
  'messageId' in answer ? answeredDirectly(answer) : remoteTaskOf(answer, contextIdOf(assignment));

const traceOf = ({ traceparent }: Assignment) =>
  traceparent === undefined ? {} : { serviceParameters: { traceparent } };

const skillIdOf = (card: AgentCard, intent: string, aliases: Aliases): string =>
  skillFor(card, intent, aliases)?.id ?? intent;

const cancelling =
  (directory: AgentDirectory, call: Call, logger: Logger): AgentGateway['cancel'] =>
  async (assignment, remoteTaskId, signal) => {
    const agent = agentFor(directory, assignment);
    if (!agent) return;
    try {
      await call(agent, signal, ({ client }, deadline) =>
        client.cancelTask(
          { tenant: '', id: remoteTaskId, metadata: undefined },
          { signal: deadline, ...traceOf(assignment) },
        ),
      );
    } catch (error) {
      logger.warn('An agent did not cancel a task; its result will be refused.', {
        client_id: assignment.clientId,
        work_id: assignment.workId,
        task_id: assignment.taskId,
        remote_task_id: remoteTaskId,
        agent: agent.agentId,
        problem: problemOf(error),
      });
    }
  };
