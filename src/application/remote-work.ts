import { SECOND } from '#core/time.ts';
import { idempotencyKeyOf } from '#core/work/graph.ts';
import type { Json } from '#core/json.ts';
import type { WaitingRoom } from './dispatcher.ts';
import type { AgentGateway, Assignment, Clock, Logger, RemoteTask, TaskOutcome } from './ports.ts';

/** A row of the waiting room. */
export type WaitingTask = {
  readonly clientId: string;
  readonly workId: string;
  readonly taskId: string;
  readonly intent: string;
  readonly state: 'running' | 'retry_wait' | 'cancelled';
  readonly generation: number;
  readonly attempt: number;
  readonly input: Json;
  readonly remoteTaskId: string | null;
};

export type RemoteWork = {
  readonly task: WaitingTask;
  /** Never sent before: there is nothing to look for at the agent. */
  readonly isNew: boolean;
  readonly timeout_ms: number;
  readonly signal: AbortSignal;
};

type Reach = {
  readonly gateway: AgentGateway;
  readonly room: WaitingRoom;
  readonly clock: Clock;
  readonly logger: Logger;
};

const FIRST_POLL_MS = 250;
const LONGEST_POLL_MS = 15 * SECOND;
/** A task that always says "working" is given up after this many timeouts. */
const LIMIT_FACTOR = 10;

/**
 * Follows one attempt at an agent to its end: sends it (after a crash only when the agent knows nothing of it), polls
 * with growing pauses, and gives up when no sign of life comes. No outcome: we were told to stop following.
 */
export async function followRemoteTask(
  reach: Reach,
  work: RemoteWork,
): Promise<{ assignment: Assignment; outcome: TaskOutcome | null }> {
  const assignment = assignmentFor(work.task);
  const { gateway, clock } = reach;
  const { signal, timeout_ms } = work;
  const begun = clock.machine();
  let sign = begun;
  let remote = await handOver(reach, work, assignment);

  for (let wait_ms = FIRST_POLL_MS; remote.state === 'working'; wait_ms = Math.min(wait_ms * 2, LONGEST_POLL_MS)) {
    await clock.sleep(wait_ms, signal);
    if (signal.aborted) return { assignment, outcome: null };
    const known: string = remote.remoteTaskId;
    const polled: RemoteTask = await gateway.poll(assignment, known, signal);
    if (signal.aborted) return { assignment, outcome: null };
    const now = clock.machine();
    if (polled.state === 'ended' && isLost(polled.outcome)) {
      // The agent cannot be reached: its task may still be running, so wait for a sign of life before giving up.
      if (now - sign > timeout_ms)
        return { assignment, outcome: await giveUp(reach, assignment, known, now - sign, signal) };
      continue;
    }
    sign = now;
    remote = polled;
    if (remote.state === 'working' && now - begun > timeout_ms * LIMIT_FACTOR)
      return { assignment, outcome: await giveUp(reach, assignment, known, now - begun, signal) };
  }
  return { assignment, outcome: signal.aborted ? null : remote.outcome };
}

async function handOver(
  { gateway, room }: Reach,
  { task, isNew, signal }: RemoteWork,
  assignment: Assignment,
): Promise<RemoteTask> {
  if (task.remoteTaskId !== null) return { state: 'working', remoteTaskId: task.remoteTaskId };
  const found = isNew ? null : await gateway.find(assignment, signal);
  const remote = found ?? (await gateway.send(assignment, signal));
  if (remote.remoteTaskId !== null) await room.remember(task, remote.remoteTaskId);
  return remote;
}

const isLost = (outcome: TaskOutcome): boolean => outcome.type === 'failed' && outcome.code === 'agent.unreachable';

async function giveUp(
  { gateway, logger }: Reach,
  assignment: Assignment,
  remoteTaskId: string,
  silent_ms: number,
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
    message: `No result within ${Math.round(silent_ms / SECOND)} s.`,
    retryable: true,
  };
}

export function assignmentFor({
  clientId,
  workId,
  taskId,
  intent,
  input,
  generation,
  attempt,
}: WaitingTask): Assignment {
  return {
    clientId,
    workId,
    taskId,
    intent,
    input: (input ?? {}) as Assignment['input'],
    generation,
    attempt,
    idempotencyKey: idempotencyKeyOf(workId, taskId, generation),
  };
}
