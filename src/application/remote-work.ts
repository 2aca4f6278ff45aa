import { SECOND, type Instant } from '#core/time.ts';
import { idempotencyKeyOf } from '#core/work/graph.ts';
import type { Json } from '#core/json.ts';
import type { Question } from '#core/work/unit.ts';
import { questionsOf } from './agent-questions.ts';
import type { WaitingRoom } from './dispatcher.ts';
import type { AgentGateway, Assignment, Clock, Logger, RemoteTask, TaskOutcome } from './ports.ts';
import type { Results } from './results.ts';
import type { Waker } from './waker.ts';

/** A row of the waiting room. */
export type WaitingTask = {
  readonly clientId: string;
  readonly workId: string;
  readonly taskId: string;
  readonly intent: string;
  readonly state: 'running' | 'retry_wait' | 'waiting_for_breaker' | 'cancelled';
  readonly generation: number;
  readonly attempt: number;
  readonly input: Json;
  readonly remoteTaskId: string | null;
  /** Which agent has it, once that is known. */
  readonly agentId: string | null;
  /** What its agent waits for, as far as it is on record. */
  readonly question: Question | null;
  /** null: it waits for something and runs nowhere. */
  readonly via: 'in_process' | 'a2a' | 'pull' | null;
  /** Who has a pulled task by a lease. */
  readonly claimedBy: string | null;
  /** No sign of life carries the attempt beyond it (machine time); null: it has not begun. */
  readonly deadline: Instant | null;
};

export type RemoteWork = {
  readonly task: WaitingTask;
  /** Never sent before: there is nothing to look for at the agent. */
  readonly isNew: boolean;
  readonly timeout_ms: number;
  readonly signal: AbortSignal;
  /** Cuts the wait for the next poll short. */
  readonly waker: Waker;
};

type Reach = {
  readonly gateway: AgentGateway;
  readonly room: WaitingRoom;
  readonly submit: Results['submit'];
  readonly clock: Clock;
  readonly logger: Logger;
};

const FIRST_POLL_MS = 250;
/** Agents may say anything at any length. */
const LONGEST_NOTE = 500;
const LONGEST_POLL_MS = 15 * SECOND;

/**
 * Follows one attempt at an agent to its end: sends it (after a crash only when the agent knows nothing of it), polls
 * with growing pauses, and gives up when no sign of life comes. No outcome: we were told to stop following.
 */
export async function followRemoteTask(
  reach: Reach,
  work: RemoteWork,
): Promise<{ assignment: Assignment; outcome: TaskOutcome | null }> {
  const { gateway, room, clock } = reach;
  const { signal, timeout_ms, waker } = work;
  const questions = questionsOf(reach, work.task);
  // Set when it was dispatched: another process that takes it over gives it no further time.
  const deadline = work.task.deadline ?? Number.POSITIVE_INFINITY;
  let sign = clock.machine();
  let said: string | undefined;
  let wait_ms = FIRST_POLL_MS;
  let remote = await handOver(reach, work, assignmentFor(work.task));
  const assignment = assignmentFor(work.task, remote.state === 'ended' ? null : remote.agentId);

  while (remote.state !== 'ended') {
    if (await questions.heed(remote, assignment, signal)) wait_ms = FIRST_POLL_MS;
    await waker.sleep(wait_ms, signal);
    wait_ms = Math.min(wait_ms * 2, LONGEST_POLL_MS);
    if (signal.aborted) return { assignment, outcome: null };
    const known: string = remote.remoteTaskId;
    const polled: RemoteTask = await gateway.poll(assignment, known, signal);
    if (signal.aborted) return { assignment, outcome: null };
    const now = clock.machine();
    if (polled.state === 'ended' && isLost(polled.outcome)) {
      // The agent cannot be reached: its task may still be running, so wait for a sign of life before giving up.
      if (now - sign > timeout_ms || now > deadline)
        return {
          assignment,
          outcome: await giveUp(reach, assignment, known, `${Math.round((now - sign) / SECOND)} s`, signal),
        };
      continue;
    }
    sign = now;
    if (polled.state === 'working' && polled.message !== undefined && polled.message !== said) {
      said = polled.message;
      await room.note(work.task, said.slice(0, LONGEST_NOTE), clock.journey());
    }
    remote = polled;
    if (remote.state !== 'ended' && now > deadline)
      return { assignment, outcome: await giveUp(reach, assignment, known, 'its limit', signal) };
  }
  return { assignment, outcome: signal.aborted ? null : remote.outcome };
}

async function handOver(
  { gateway, room }: Reach,
  { task, isNew, signal }: RemoteWork,
  assignment: Assignment,
): Promise<RemoteTask> {
  if (task.remoteTaskId !== null) return whatIsKnown(task, task.remoteTaskId);
  const found = isNew ? null : await gateway.find(assignment, signal);
  const remote = found ?? (await gateway.send(assignment, signal));
  if (remote.remoteTaskId !== null)
    await room.remember(task, remote.remoteTaskId, remote.state === 'ended' ? null : remote.agentId);
  return remote;
}

/** Of a task that another process has handed over; the first poll says how it stands now. */
const whatIsKnown = ({ question, agentId }: WaitingTask, remoteTaskId: string): RemoteTask =>
  question ? { state: 'interrupted', remoteTaskId, agentId, question } : { state: 'working', remoteTaskId, agentId };

export const isLost = (outcome: TaskOutcome): boolean =>
  outcome.type === 'failed' && outcome.code === 'agent.unreachable';

async function giveUp(
  { gateway, logger }: Reach,
  assignment: Assignment,
  remoteTaskId: string,
  within: string,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  logger.warn('An agent gave no result in time; its task is cancelled.', {
    client_id: assignment.clientId,
    work_id: assignment.workId,
    task_id: assignment.taskId,
  });
  await gateway.cancel(assignment, remoteTaskId, signal);
  return {
    type: 'failed',
    code: 'task.timed_out',
    message: `No result within ${within}.`,
    retryable: true,
  };
}

export function assignmentFor(
  { clientId, workId, taskId, intent, input, generation, attempt, agentId: known }: WaitingTask,
  agentId: string | null = known,
): Assignment {
  return {
    clientId,
    workId,
    taskId,
    intent,
    input: (input ?? {}) as Assignment['input'],
    generation,
    attempt,
    idempotencyKey: idempotencyKeyOf(workId, taskId, generation),
    agentId,
  };
}
