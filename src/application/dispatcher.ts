import { isRefusal, JourneyError, type Refusal } from '#core/errors.ts';
import { stageOf, type TaskPlan } from '#core/plan.ts';
import { SECOND, type Instant } from '#core/time.ts';
import type { Command } from '#core/journey/commands.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import { idempotencyKeyOf, resolveInput, tasksInProcess } from '#core/work/graph.ts';
import { definitionOf, progressOf, type Unit } from '#core/work/unit.ts';
import type { Journal, Submitted } from './journal.ts';
import type {
  AgentGateway,
  Assignment,
  Clock,
  InProcessAgent,
  Logger,
  Plans,
  Recording,
  TaskOutcome,
} from './ports.ts';
import { assignmentFor, followRemoteTask, type RemoteWork, type WaitingTask } from './remote-work.ts';
import { workerPool } from './worker-pool.ts';

/** Has the tasks done: those of this process by functions, those of agents over the gateway. */
export type Dispatcher = {
  /** Begins what has just become fact. */
  readonly recorded: (recordings: readonly Recording[]) => void;
  /** How many more units of work this process takes on. */
  readonly room: () => number;
  /** Looks for what nobody continues: units and tasks of processes that are gone, waits that are over. */
  readonly look: () => Promise<void>;
  /** Begins nothing more, tells what runs to stop, and waits for it. */
  readonly stop: () => Promise<void>;
};

/** The rows of the waiting room, and the units that have lost their owner. */
export type WaitingRoom = {
  /** Units in progress that nobody owns, or whose owner's lease is over. */
  readonly abandonedUnits: (
    machineNow: number,
    limit: number,
  ) => Promise<readonly { clientId: string; workId: string; owner: number | null }[]>;
  /** Takes due rows for `epoch`, each for `lease_ms`: retries that are due, agents' tasks without a living follower, cancellations. */
  readonly claim: (
    epoch: number,
    machineNow: number,
    lease_ms: number,
    limit: number,
  ) => Promise<readonly WaitingTask[]>;
  /** Keeps the agent's name for the task; nothing happens when the attempt is over. */
  readonly remember: (task: WaitingTask, remoteTaskId: string) => Promise<void>;
  /** The agent has been told to stop. */
  readonly forget: (task: WaitingTask) => Promise<void>;
};

export type DispatcherDependencies = {
  readonly journal: () => Journal;
  readonly room: WaitingRoom;
  readonly plans: Plans;
  readonly gateway: AgentGateway;
  readonly functions: { readonly [intent: string]: InProcessAgent };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly epoch: () => number;
  readonly requestId: () => string;
  readonly poolSize: number;
};

/** How many tasks may wait in this process for each worker before units are left to the other replicas. */
const BACKLOG_PER_WORKER = 2;
const CLAIM_LIMIT = 200;
const CLAIM_LEASE_MS = 60 * SECOND;
const OFFER_AGAIN_AFTER_MS = SECOND;

export function openDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { room, plans, gateway, functions, clock, logger, epoch, poolSize } = dependencies;
  const pool = workerPool(poolSize, clock);
  /** Agents' tasks that this process follows, by unit, task, generation and attempt. */
  const followed = new Map<string, AbortController>();
  /** The epoch under which an attempt runs here: where we take our own unit over, it goes on under the new one. */
  const owners = new Map<string, number>();
  const promises = new Set<Promise<void>>();
  const stopping = new AbortController();

  const isFunction = (intent: string): boolean => gateway.route(intent) === 'in_process';

  function recorded(recordings: readonly Recording[]): void {
    if (stopping.signal.aborted) return;
    for (const { clientId, journey, events } of recordings) {
      for (const { event } of events) take(clientId, journey, event);
      // What waits for a worker has not begun; what runs may end.
      if (journey.status === 'paused') for (const { workId } of journey.units) pool.withdraw(`${workId}/`);
      for (const unit of journey.units)
        if (journey.status === 'active' && unit.owner === epoch() && unit.status === 'in_progress')
          beginOwn(journey, unit);
    }
  }

  function take(clientId: string, journey: Journey, event: JourneyEvent): void {
    switch (event.type) {
      case 'unit_cancelled':
        return stopUnit(event.work_id);
      case 'task_dispatched':
        return event.via === 'a2a' ? follow(dispatchedTask(clientId, journey, event), isFirst(event)) : undefined;
      case 'task_attempt_failed':
        return event.retry_at === null
          ? undefined
          : retryLater(clientId, { ...event, attempt: event.attempt + 1 }, event.retry_at);
      default:
    }
  }

  function beginOwn(journey: Journey, unit: Unit): void {
    const plan = plans.get(journey.configHash);
    const stage = stageOf(plan, journey.stage);
    const template = definitionOf(stage, unit);
    if (!stage || !template) return;
    for (const task of tasksInProcess(template, unit, isFunction)) {
      const { generation, attempt } = progressOf(unit, task.id);
      const key = keyOf({ workId: unit.workId, taskId: task.id, generation, attempt });
      owners.set(key, epoch());
      if (pool.has(key)) continue;
      pool.add({
        key,
        run: functions[task.intent],
        timeout_ms: plan.taskTimeout_ms,
        assignment: () => ({
          clientId: journey.clientId,
          workId: unit.workId,
          taskId: task.id,
          intent: task.intent,
          input: resolveInput(plan, stage, task, unit, journey).input,
          generation,
          attempt,
          idempotencyKey: idempotencyKeyOf(unit.workId, task.id, generation),
        }),
        ended: (assignment, outcome) => endedHere(key, assignment, outcome),
      });
    }
  }

  async function endedHere(key: string, assignment: Assignment, outcome: TaskOutcome): Promise<void> {
    try {
      let owner = owners.get(key);
      while (owner !== undefined && isRefusal(await submitResult(assignment, outcome, owner))) {
        // Our lease may have run out, and we have taken our own unit over meanwhile: then the result counts under the new one.
        const now = owners.get(key);
        owner = now === owner ? undefined : now;
      }
    } catch (error) {
      logger.error('A result could not be recorded.', { client_id: assignment.clientId, error: String(error) });
    } finally {
      owners.delete(key);
    }
  }

  function track(promise: Promise<void>): void {
    promises.add(promise);
    void promise
      .catch((error: unknown) => logger.error('A task could not be followed.', { error: String(error) }))
      .finally(() => promises.delete(promise));
  }

  function follow(task: WaitingTask, isNew: boolean): void {
    const key = keyOf(task);
    if (followed.has(key) || stopping.signal.aborted) return;
    const cancel = new AbortController();
    followed.set(key, cancel);
    const work: RemoteWork = {
      task,
      isNew,
      timeout_ms: plans.active().taskTimeout_ms,
      signal: AbortSignal.any([cancel.signal, stopping.signal]),
    };
    track(followToItsEnd(key, work));
  }

  async function followToItsEnd(key: string, work: RemoteWork): Promise<void> {
    try {
      const { assignment, outcome } = await followRemoteTask({ gateway, room, clock, logger }, work);
      if (outcome) await submitResult(assignment, outcome);
    } finally {
      followed.delete(key);
    }
  }

  /** A result is not lost while the store is away: it is offered until it is recorded, or until this process stops. */
  async function submitResult(
    assignment: Assignment,
    outcome: TaskOutcome,
    owner?: number,
  ): Promise<Submitted | Refusal | undefined> {
    const { clientId, workId, taskId, generation, attempt } = assignment;
    const command: Command = {
      type: 'task_result',
      workId,
      taskId,
      fence: { generation, attempt },
      outcome,
      ...(owner === undefined ? {} : { owner }),
    };
    while (!stopping.signal.aborted) {
      try {
        const answer = await submit(clientId, command);
        if (!isRefusal(answer) || answer.refused !== 'orchestrator.overloaded') return answer;
      } catch (error) {
        if (!isUnavailable(error)) return await submit(clientId, { ...command, outcome: unstorable(error) });
      }
      await clock.sleep(OFFER_AGAIN_AFTER_MS, stopping.signal);
    }
    return undefined;
  }

  async function submit(clientId: string, command: Command): Promise<Submitted | Refusal> {
    const answer = await dependencies
      .journal()
      .submit({ clientId, command, actor: 'system', door: 'agent', requestId: dependencies.requestId() });
    if (isRefusal(answer))
      logger.debug('A result came too late.', { client_id: clientId, command: command.type, why: answer.message });
    return answer;
  }

  function retryLater(clientId: string, task: OfTask, at: Instant): void {
    const { work_id, task_id, generation, attempt } = task;
    const command: Command = {
      type: 'begin_attempt',
      workId: work_id,
      taskId: task_id,
      fence: { generation, attempt },
    };
    const wait = async (): Promise<void> => {
      await clock.sleep(Math.max(0, at - clock.machine()), stopping.signal);
      if (!stopping.signal.aborted) await submit(clientId, command);
    };
    track(wait());
  }

  function stopUnit(workId: string): void {
    pool.cancel(`${workId}/`);
    for (const key of owners.keys()) if (key.startsWith(`${workId}/`)) owners.delete(key);
    for (const [key, cancel] of followed) if (key.startsWith(`${workId}/`)) cancel.abort();
  }

  const dispatchedTask = (clientId: string, journey: Journey, event: TaskDispatched): WaitingTask => ({
    clientId,
    workId: event.work_id,
    taskId: event.task_id,
    intent: taskNamed(plans, journey, event.work_id, event.task_id)?.intent ?? '',
    state: 'running',
    generation: event.generation,
    attempt: event.attempt,
    input: event.input,
    remoteTaskId: null,
  });

  const roomLeft = (): number =>
    stopping.signal.aborted ? 0 : Math.max(0, poolSize * BACKLOG_PER_WORKER - pool.waiting());

  async function look(): Promise<void> {
    if (stopping.signal.aborted) return;
    pool.endOverdue();
    const left = Math.min(roomLeft(), CLAIM_LIMIT);
    const units = left > 0 ? await room.abandonedUnits(clock.machine(), left) : [];
    // A lease that lapsed makes our own units look abandoned until we have a new epoch.
    const lost = units.filter(({ owner }) => owner !== epoch());
    await Promise.all(
      lost.map(({ clientId, workId, owner }) => submit(clientId, { type: 'take_over', workId, from: owner })),
    );
    for (const task of await room.claim(epoch(), clock.machine(), CLAIM_LEASE_MS, CLAIM_LIMIT)) attend(task);
  }

  function attend(task: WaitingTask): void {
    switch (task.state) {
      case 'running':
        return follow(task, false);
      case 'retry_wait':
        return retryLater(
          task.clientId,
          { work_id: task.workId, task_id: task.taskId, generation: task.generation, attempt: task.attempt },
          clock.machine(),
        );
      case 'cancelled':
        return track(tellToStop(task));
    }
  }

  async function tellToStop(task: WaitingTask): Promise<void> {
    const assignment = assignmentFor(task);
    const remoteTaskId = task.remoteTaskId ?? (await gateway.find(assignment, stopping.signal))?.remoteTaskId ?? null;
    if (remoteTaskId !== null) await gateway.cancel(assignment, remoteTaskId, stopping.signal);
    await room.forget(task);
  }

  return {
    recorded,
    room: roomLeft,
    look,
    stop: async () => {
      stopping.abort();
      await pool.stop();
      await Promise.allSettled(promises);
    },
  };
}

const isUnavailable = (error: unknown): boolean => error instanceof JourneyError && error.retryable;

/** The store refused the result itself, as it does NUL characters: the agent would only send it again. */
const unstorable = (error: unknown): TaskOutcome => ({
  type: 'failed',
  code: 'task.output_invalid',
  message: `The output cannot be stored: ${error instanceof Error ? error.message : String(error)}`,
  retryable: false,
});

type TaskDispatched = Extract<JourneyEvent, { type: 'task_dispatched' }>;
type OfTask = {
  readonly work_id: string;
  readonly task_id: string;
  readonly generation: number;
  readonly attempt: number;
};

/** Only an attempt that nothing went before needs no question to the agent whether it knows the task already. */
const isFirst = ({ generation, attempt }: OfTask): boolean => generation === 1 && attempt === 1;

function taskNamed(plans: Plans, journey: Journey, workId: string, taskId: string): TaskPlan | undefined {
  const unit = journey.units.find((one) => one.workId === workId);
  const stage = stageOf(plans.get(journey.configHash), journey.stage);
  return unit && definitionOf(stage, unit)?.tasks.find(({ id }) => id === taskId);
}

type Attempt = {
  readonly workId: string;
  readonly taskId: string;
  readonly generation: number;
  readonly attempt: number;
};
const keyOf = ({ workId, taskId, generation, attempt }: Attempt): string =>
  `${workId}/${taskId}/${generation}/${attempt}`;
