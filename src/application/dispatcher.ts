import { isRefusal } from '#core/errors.ts';
import { stageOf, type TaskPlan } from '#core/plan.ts';
import { SECOND } from '#core/time.ts';
import type { Command, TaskResult } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import { idempotencyKeyOf, resolveInput, tasksInProcess } from '#core/work/graph.ts';
import { progressOf, type Unit } from '#core/work/unit.ts';
import type { Journal } from './journal.ts';
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

/** Has the tasks done: those of this process by functions, those of agents over the gateway. */
export type Dispatcher = {
  /** Begins what has just become fact. */
  readonly recorded: (recordings: readonly Recording[]) => void;
  /** Whether this process takes on more units of work. */
  readonly hasRoom: () => boolean;
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

/** How many tasks may wait in this process for a worker before units are left to the other replicas. */
const BACKLOG_PER_WORKER = 100;
const CLAIM_LIMIT = 200;
const CLAIM_LEASE_MS = 60 * SECOND;

type Run = { readonly journey: Journey; readonly unit: Unit; readonly task: TaskPlan; readonly epoch: number };

export function openDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { room, plans, gateway, functions, clock, logger, epoch, poolSize } = dependencies;
  const waiting: Run[] = [];
  /** What this process does now, by unit, task, generation and attempt: nothing is begun twice. */
  const underWay = new Map<string, AbortController>();
  const promises = new Set<Promise<void>>();
  const stopping = new AbortController();
  let busy = 0;

  const isFunction = (intent: string): boolean => gateway.route(intent) === 'in_process';

  function recorded(recordings: readonly Recording[]): void {
    if (stopping.signal.aborted) return;
    for (const { clientId, journey, events } of recordings) {
      for (const { event } of events) {
        if (event.type === 'unit_cancelled') abort(event.work_id);
        else if (event.type === 'task_dispatched' && event.via === 'a2a')
          follow(
            {
              clientId,
              workId: event.work_id,
              taskId: event.task_id,
              intent: intentOf(journey, event.work_id, event.task_id),
              state: 'running',
              generation: event.generation,
              attempt: event.attempt,
              input: event.input,
              remoteTaskId: null,
            },
            event.attempt === 1 && event.generation === 1,
          );
        else if (event.type === 'task_attempt_failed' && event.retry_at !== null)
          retryLater(
            clientId,
            event.work_id,
            event.task_id,
            { generation: event.generation, attempt: event.attempt + 1 },
            event.retry_at,
          );
      }
      for (const unit of journey.units) if (unit.owner === epoch()) beginOwn(journey, unit);
    }
  }

  function beginOwn(journey: Journey, unit: Unit): void {
    if (unit.status !== 'in_progress') return;
    const template = stageOf(plans.get(journey.configHash), journey.stage)?.templates.find(
      ({ id }) => id === unit.templateId,
    );
    if (!template) return;
    for (const task of tasksInProcess(template, unit, isFunction)) {
      const key = keyOf(unit.workId, task.id, progressOf(unit, task.id));
      if (underWay.has(key)) continue;
      underWay.set(key, new AbortController());
      waiting.push({ journey, unit, task, epoch: epoch() });
    }
    fill();
  }

  function fill(): void {
    while (busy < poolSize && waiting.length > 0 && !stopping.signal.aborted) {
      const run = waiting.shift() as Run;
      busy += 1;
      track(
        runHere(run).finally(() => {
          busy -= 1;
          fill();
        }),
      );
    }
  }

  function track(promise: Promise<void>): void {
    promises.add(promise);
    void promise
      .catch((error: unknown) => logger.error('A task could not be followed.', { error: String(error) }))
      .finally(() => promises.delete(promise));
  }

  async function runHere({ journey, unit, task, epoch: owner }: Run): Promise<void> {
    const { generation, attempt } = progressOf(unit, task.id);
    const key = keyOf(unit.workId, task.id, { generation, attempt });
    const cancel = underWay.get(key);
    try {
      if (!cancel || cancel.signal.aborted) return;
      const plan = plans.get(journey.configHash);
      const stage = stageOf(plan, journey.stage);
      if (!stage) return;
      const { input } = resolveInput(plan, stage, task, unit, journey);
      const assignment: Assignment = {
        clientId: journey.clientId,
        workId: unit.workId,
        taskId: task.id,
        intent: task.intent,
        input,
        generation,
        attempt,
        idempotencyKey: idempotencyKeyOf(unit.workId, task.id, generation),
      };
      const outcome = await callFunction(functions[task.intent], assignment, cancel.signal, plan.taskTimeout_ms);
      if (cancel.signal.aborted) return;
      await submitResult(assignment, outcome, owner);
    } finally {
      underWay.delete(key);
    }
  }

  async function callFunction(
    run: InProcessAgent | undefined,
    assignment: Assignment,
    signal: AbortSignal,
    timeout_ms: number,
  ): Promise<TaskOutcome> {
    if (!run)
      return {
        type: 'failed',
        code: 'agent.none',
        message: `No function does ${assignment.intent} here.`,
        retryable: true,
      };
    const timer = new AbortController();
    const overdue = clock.sleep(timeout_ms, timer.signal).then(() => 'overdue' as const);
    try {
      const output = await Promise.race([run(assignment, AbortSignal.any([signal, timer.signal])), overdue]);
      return output === 'overdue'
        ? {
            type: 'failed',
            code: 'task.timed_out',
            message: `No result within ${timeout_ms / SECOND} s.`,
            retryable: true,
          }
        : { type: 'succeeded', output };
    } catch (error) {
      return {
        type: 'failed',
        code: 'task.failed',
        message: error instanceof Error ? error.message : String(error),
        retryable: true,
      };
    } finally {
      timer.abort();
    }
  }

  function follow(task: WaitingTask, isNew: boolean): void {
    const key = keyOf(task.workId, task.taskId, task);
    if (underWay.has(key) || stopping.signal.aborted) return;
    const cancel = new AbortController();
    underWay.set(key, cancel);
    const work: RemoteWork = {
      task,
      isNew,
      timeout_ms: plans.active().taskTimeout_ms,
      signal: AbortSignal.any([cancel.signal, stopping.signal]),
    };
    track(
      followRemoteTask({ gateway, room, clock, logger }, work)
        .then(async ({ assignment, outcome }) => {
          if (outcome) await submitResult(assignment, outcome);
        })
        .finally(() => underWay.delete(key)),
    );
  }

  async function submitResult(assignment: Assignment, outcome: TaskOutcome, owner?: number): Promise<void> {
    const { workId, taskId, generation, attempt } = assignment;
    const command: TaskResult = {
      type: 'task_result',
      workId,
      taskId,
      fence: { generation, attempt },
      outcome,
      ...(owner === undefined ? {} : { owner }),
    };
    await submit(assignment.clientId, command);
  }

  async function submit(clientId: string, command: Command): Promise<void> {
    const answer = await dependencies
      .journal()
      .submit({ clientId, command, actor: 'system', door: 'agent', requestId: dependencies.requestId() });
    if (isRefusal(answer))
      logger.debug('A result came too late.', { client_id: clientId, command: command.type, why: answer.message });
  }

  function retryLater(
    clientId: string,
    workId: string,
    taskId: string,
    fence: { generation: number; attempt: number },
    at: number,
  ): void {
    track(
      clock.sleep(Math.max(0, at - clock.machine()), stopping.signal).then(async () => {
        if (!stopping.signal.aborted) await submit(clientId, { type: 'begin_attempt', workId, taskId, fence });
      }),
    );
  }

  function abort(workId: string): void {
    for (const [key, cancel] of underWay) if (key.startsWith(`${workId}/`)) cancel.abort();
  }

  function intentOf(journey: Journey, workId: string, taskId: string): string {
    const stage = stageOf(plans.get(journey.configHash), journey.stage);
    const templateId = journey.units.find((unit) => unit.workId === workId)?.templateId;
    return stage?.templates.find(({ id }) => id === templateId)?.tasks.find(({ id }) => id === taskId)?.intent ?? '';
  }

  const hasRoom = (): boolean => !stopping.signal.aborted && waiting.length < poolSize * BACKLOG_PER_WORKER;

  async function look(): Promise<void> {
    if (stopping.signal.aborted) return;
    if (hasRoom()) {
      const units = await room.abandonedUnits(clock.machine(), CLAIM_LIMIT);
      await Promise.all(
        units.map(({ clientId, workId, owner }) => submit(clientId, { type: 'take_over', workId, from: owner })),
      );
    }
    for (const task of await room.claim(epoch(), clock.machine(), CLAIM_LEASE_MS, CLAIM_LIMIT)) attend(task);
  }

  function attend(task: WaitingTask): void {
    const { clientId, workId, taskId, generation, attempt } = task;
    switch (task.state) {
      case 'running':
        return follow(task, false);
      case 'retry_wait':
        return retryLater(clientId, workId, taskId, { generation, attempt }, clock.machine());
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
    hasRoom,
    look,
    stop: async () => {
      stopping.abort();
      waiting.length = 0;
      for (const cancel of underWay.values()) cancel.abort();
      await Promise.allSettled(promises);
    },
  };
}

const keyOf = (
  workId: string,
  taskId: string,
  { generation, attempt }: { readonly generation: number; readonly attempt: number },
): string => `${workId}/${taskId}/${generation}/${attempt}`;
