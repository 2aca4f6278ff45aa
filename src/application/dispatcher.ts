import { isRefusal } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import { SECOND, type Instant } from '#core/time.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import { attemptsHere } from './attempts-here.ts';
import { intentKey, type Breakers } from './breakers.ts';
import type { Journal } from './journal.ts';
import { plannedTask } from './planned-task.ts';
import type { AgentGateway, Clock, InProcessAgent, Logger, Plans, Recording } from './ports.ts';
import { assignmentFor, followRemoteTask, isLost, type RemoteWork, type WaitingTask } from './remote-work.ts';
import { resultsOf } from './results.ts';
import { keyOf, type AttemptKey, longestAttempt_ms } from './task-calls.ts';
import { wakerOn, type Waker } from './waker.ts';

/** Has the tasks done: those of this process by functions, those of agents over the gateway. */
export type Dispatcher = {
  /** Begins what has just become fact. */
  readonly recorded: (recordings: readonly Recording[]) => void;
  /** How many more units of work this process takes on. */
  readonly room: () => number;
  /** Looks for what nobody continues: units and tasks of processes that are gone, waits that are over. */
  readonly look: () => Promise<void>;
  /** Somebody says that something has happened to a task at an agent: it is looked at soon. False: no such task is there. */
  readonly wake: (attempt: AttemptKey & { readonly clientId: string }) => Promise<boolean>;
  /** Begins nothing more, tells what runs to stop, and waits for it. */
  readonly stop: () => Promise<void>;
};

/** The rows of the waiting room, and the units that have lost their owner. */
export type WaitingRoom = {
  /** Units in progress whose owner's lease is over, and those that nobody owns; at most so many of each. */
  readonly abandonedUnits: (
    machineNow: number,
    limits: { readonly lost: number; readonly unowned: number },
  ) => Promise<readonly { clientId: string; workId: string; owner: number | null }[]>;
  /** Units in progress that have taken longer than they may (journey time). */
  readonly overdueUnits: (
    now: number,
    limit: number,
  ) => Promise<readonly { readonly clientId: string; readonly workId: string }[]>;
  /**
   * Takes due rows for `epoch`, each for `lease_ms`: retries that are due, agents' tasks without a living follower,
   * leases of claimers that ran out, cancellations, and what waited for a breaker, but for the intents held back.
   */
  readonly claim: (
    epoch: number,
    machineNow: number,
    lease_ms: number,
    limit: number,
    heldBack: readonly string[],
  ) => Promise<readonly WaitingTask[]>;
  /** Takes what waits for the breaker of one intent, those with the most attempts left first: for probes. */
  readonly claimHeldBack: (
    epoch: number,
    machineNow: number,
    lease_ms: number,
    limit: number,
    intent: string,
  ) => Promise<readonly WaitingTask[]>;
  /** Gives a row back that nothing came of. */
  readonly release: (task: WaitingTask) => Promise<void>;
  /** Keeps the agent's name for the task; nothing happens when the attempt is over. */
  readonly remember: (task: WaitingTask, remoteTaskId: string, agentId: string | null) => Promise<void>;
  /** What somebody has answered to this question of the task's agent; null: nothing yet. */
  readonly answerTo: (task: WaitingTask, questionId: string) => Promise<JsonObject | null>;
  /** The row of an attempt that an agent is at; null: there is none (any more). */
  readonly atAgent: (attempt: AttemptKey & { readonly clientId: string }) => Promise<WaitingTask | null>;
  /** The intents of pulled tasks that nobody has claimed. */
  readonly readyIntents: () => Promise<readonly string[]>;
  /** Pulled tasks of these intents that nobody has claimed. */
  readonly ready: (intents: readonly string[], machineNow: number, limit: number) => Promise<readonly WaitingTask[]>;
  /** Keeps what the agent says about the task while it is at work (journey time). */
  readonly note: (task: WaitingTask, message: string, at: Instant) => Promise<void>;
  /** The agent has been told to stop. */
  readonly forget: (task: WaitingTask) => Promise<void>;
};

export type DispatcherDependencies = {
  readonly journal: () => Journal;
  readonly room: WaitingRoom;
  readonly plans: Plans;
  readonly gateway: AgentGateway;
  readonly breakers: Breakers;
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
const LONGEST_PAUSE_MS = 15 * SECOND;

export function openDispatcher(dependencies: DispatcherDependencies): Dispatcher {
  const { room, plans, gateway, breakers, clock, logger, epoch, poolSize } = dependencies;
  /** Agents' tasks that this process follows, by unit, task, generation and attempt. */
  const followed = new Map<string, Followed>();
  /** When tasks that other processes follow were last looked at here. */
  const lookedAt = new Map<string, Instant>();
  const promises = new Set<Promise<void>>();
  const stopping = new AbortController();
  const results = resultsOf(dependencies, stopping.signal);
  const here = attemptsHere(dependencies, results);

  function recorded(recordings: readonly Recording[]): void {
    if (stopping.signal.aborted) return;
    for (const { clientId, journey, events } of recordings) {
      for (const { event } of events) take(clientId, journey, event);
      // What waits for a worker has not begun; what runs may end.
      if (journey.status === 'paused') for (const { workId } of journey.units) here.withdraw(`${workId}/`);
      for (const unit of journey.units)
        if (journey.status === 'active' && unit.owner === epoch() && unit.status === 'in_progress')
          here.begin(journey, unit);
    }
  }

  function take(clientId: string, journey: Journey, event: JourneyEvent): void {
    switch (event.type) {
      case 'unit_cancelled':
        return stopUnit(event.work_id);
      case 'task_dispatched':
        return event.via === 'a2a' ? follow(dispatchedTask(clientId, journey, event), isFirst(event)) : undefined;
      case 'task_answered':
        return followed.get(keyOf(attemptOf(clientId, event)))?.waker.wake();
      case 'task_attempt_failed':
        if (event.error.code === 'unit.timed_out') return stopAttempt(attemptOf(clientId, event));
        return event.retry_at === null
          ? undefined
          : retryLater({ ...attemptOf(clientId, event), attempt: event.attempt + 1 }, event.retry_at);
      default:
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
    const waker = wakerOn(clock);
    followed.set(key, { task, cancel, waker });
    const work: RemoteWork = {
      task,
      isNew,
      timeout_ms: plans.active().taskTimeout_ms,
      signal: AbortSignal.any([cancel.signal, stopping.signal]),
      waker,
    };
    track(followToItsEnd(key, work));
  }

  async function followToItsEnd(key: string, work: RemoteWork): Promise<void> {
    const reach = { gateway, room, submit: results.submit, clock, logger };
    try {
      for (let [wait_ms, isNew] = [SECOND, work.isNew]; !work.signal.aborted; wait_ms *= 2, isNew = false)
        try {
          const { assignment, outcome } = await followRemoteTask(reach, { ...work, isNew });
          return void (outcome && (await results.offer(assignment, outcome)));
        } catch (error) {
          // The store may be away for a while; nobody else follows the task as long as we live.
          logger.warn('A task at an agent could not be followed; that is tried again.', { error: String(error) });
          await clock.sleep(Math.min(wait_ms, LONGEST_PAUSE_MS), work.signal);
        }
    } finally {
      followed.delete(key);
    }
  }

  function retryLater(task: AttemptOf, at: Instant): void {
    const wait = async (): Promise<void> => {
      await clock.sleep(Math.max(0, at - clock.machine()), stopping.signal);
      if (!stopping.signal.aborted) await beginAttempt(task, false);
    };
    track(wait());
  }

  const beginAttempt = ({ clientId, workId, taskId, generation, attempt }: AttemptOf, isProbe: boolean) =>
    results.submit(clientId, {
      type: 'begin_attempt',
      workId,
      taskId,
      fence: { generation, attempt },
      ...(isProbe ? { probe: true } : {}),
    });

  function stopUnit(workId: string): void {
    here.cancel(`${workId}/`);
    for (const [key, { cancel }] of followed) if (key.startsWith(`${workId}/`)) cancel.abort();
  }

  /** Its unit has taken too long: whoever does the task is told to stop. */
  function stopAttempt(attempt: AttemptOf): void {
    const key = keyOf(attempt);
    here.cancel(key);
    const following = followed.get(key);
    following?.cancel.abort();
    if (following) track(tellToStop(following.task));
  }

  const dispatchedTask = (clientId: string, journey: Journey, event: TaskDispatched): WaitingTask => {
    const planned = plannedTask(plans, [journey], event.work_id, event.task_id);
    return {
      clientId,
      workId: event.work_id,
      taskId: event.task_id,
      intent: planned?.intent ?? '',
      state: 'running',
      generation: event.generation,
      attempt: event.attempt,
      input: event.input,
      remoteTaskId: null,
      agentId: null,
      question: null,
      via: event.via,
      claimedBy: null,
      deadline: clock.machine() + (planned?.max_ms ?? Number.POSITIVE_INFINITY),
    };
  };

  const roomLeft = (): number =>
    stopping.signal.aborted ? 0 : Math.max(0, poolSize * BACKLOG_PER_WORKER - here.waiting());

  async function look(): Promise<void> {
    if (stopping.signal.aborted) return;
    here.endOverdue();
    // What a dead process had in hand is taken over at once, also where its tasks then wait for a worker: until somebody has
    // it nobody follows it. What nobody has had yet is left to whoever has room.
    const unowned = Math.min(roomLeft(), CLAIM_LIMIT);
    const units = await room.abandonedUnits(clock.machine(), { lost: CLAIM_LIMIT, unowned });
    // A lease that lapsed makes our own units look abandoned until we have a new epoch.
    const lost = units.filter(({ owner }) => owner !== epoch());
    await Promise.all(
      lost.map(({ clientId, workId, owner }) => results.submit(clientId, { type: 'take_over', workId, from: owner })),
    );
    const overdue = await room.overdueUnits(clock.journey(), CLAIM_LIMIT);
    await Promise.all(
      overdue.map(({ clientId, workId }) => results.submit(clientId, { type: 'time_out_unit', workId })),
    );
    const heldBack = heldBackIntents();
    const due = await room.claim(epoch(), clock.machine(), CLAIM_LEASE_MS, CLAIM_LIMIT, heldBack);
    for (const task of due) attend(task);
    await Promise.all([...heldBack.map(probe), beginUnclaimed()]);
  }

  /** Tasks that waited for whoever claims them, while nobody did their intent; now somebody does. */
  async function beginUnclaimed(): Promise<void> {
    const intents = (await room.readyIntents()).filter((intent) => gateway.route(intent) !== 'pull');
    if (intents.length === 0) return;
    const tasks = await room.ready(intents, clock.machine(), CLAIM_LIMIT);
    await Promise.all(tasks.map((task) => beginAttempt(task, false)));
  }

  async function wake(attempt: AttemptOf): Promise<boolean> {
    const key = keyOf(attempt);
    const following = followed.get(key);
    if (following) {
      following.waker.wake();
      return true;
    }
    const task = await room.atAgent(attempt);
    if (!task) return false;
    const now = clock.machine();
    if (task.remoteTaskId === null || now - (lookedAt.get(key) ?? Number.NEGATIVE_INFINITY) < SECOND) return true;
    for (const [other, at] of lookedAt) if (now - at >= SECOND) lookedAt.delete(other);
    lookedAt.set(key, now);
    track(lookAt(task, task.remoteTaskId));
    return true;
  }

  /** Another process follows it; only its end is of use here. */
  async function lookAt(task: WaitingTask, remoteTaskId: string): Promise<void> {
    const assignment = assignmentFor(task);
    const seen = await gateway.poll(assignment, remoteTaskId, stopping.signal);
    if (seen.state === 'ended' && !isLost(seen.outcome)) await results.offer(assignment, seen.outcome);
  }

  const heldBackIntents = (): readonly string[] =>
    [...breakers.view().keys()].flatMap((key) =>
      key.startsWith(intentKey('')) && breakers.isOpen(key) ? [key.slice(intentKey('').length)] : [],
    );

  /** A few of those that wait for the breaker go ahead, to find out whether the others may. */
  async function probe(intent: string): Promise<void> {
    const key = intentKey(intent);
    if (!breakers.mayProbe(key)) return;
    const { breaker } = plans.active();
    const until = clock.machine() + longestAttempt_ms(plans.active(), intent);
    for (const task of await room.claimHeldBack(epoch(), clock.machine(), CLAIM_LEASE_MS, breaker.probes, intent))
      if (!(await breakers.probe(key, keyOf(task), until))) await room.release(task);
      else if (isRefusal(await beginAttempt(task, true))) await breakers.report(key, keyOf(task), 'nothing');
  }

  function attend(task: WaitingTask): void {
    switch (task.state) {
      case 'running':
        return task.via === 'pull' ? track(leaseOver(task)) : follow(task, false);
      case 'retry_wait':
      case 'waiting_for_breaker':
        return retryLater(task, clock.machine());
      case 'cancelled':
        return track(tellToStop(task));
    }
  }

  /** Whoever claimed it has given no sign of life: the attempt counts as timed out, and the task is anybody's again. */
  async function leaseOver(task: WaitingTask): Promise<void> {
    const message =
      task.deadline !== null && task.deadline <= clock.machine()
        ? `${task.claimedBy} was not done with it in the time that it may take.`
        : `${task.claimedBy} gave no sign of life before its lease ran out.`;
    await results.offer(assignmentFor(task), { type: 'failed', code: 'task.timed_out', message, retryable: true });
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
    wake,
    stop: async () => {
      stopping.abort();
      await here.stop();
      await Promise.allSettled(promises);
    },
  };
}

type Followed = { readonly task: WaitingTask; readonly cancel: AbortController; readonly waker: Waker };

type TaskDispatched = Extract<JourneyEvent, { type: 'task_dispatched' }>;
type OfTask = {
  readonly work_id: string;
  readonly task_id: string;
  readonly generation: number;
  readonly attempt: number;
};

type AttemptOf = AttemptKey & { readonly clientId: string };
const attemptOf = (clientId: string, { work_id, task_id, generation, attempt }: OfTask): AttemptOf => ({
  clientId,
  workId: work_id,
  taskId: task_id,
  generation,
  attempt,
});

/** Only an attempt that nothing went before needs no question to the agent whether it knows the task already. */
const isFirst = ({ generation, attempt }: OfTask): boolean => generation === 1 && attempt === 1;
