import { type Task, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import type { Assignment, RemoteTask } from '#application/ports.ts';
import { isMethodMissing } from './agent-failure.ts';
import { contextIdOf } from './message.ts';
import { garbage, remoteTaskOf } from './remote-task.ts';

/** A context holds one task for each attempt, so one page is plenty, also from an agent that ignores the filter. */
const list_page = 50;

export async function getTask(
  client: Client,
  assignment: Assignment,
  remoteTaskId: string,
  signal: AbortSignal,
): Promise<RemoteTask> {
  const task = await client.getTask({ tenant: '', id: remoteTaskId, historyLength: 0 }, { signal });
  if (task.id !== remoteTaskId)
    throw garbage(`answered about the task ${task.id}, but was asked about ${remoteTaskId}`);
  return remoteTaskOf(task, contextIdOf(assignment));
}

/** The task that serves the assignment already; null: none, or the agent cannot list its tasks. */
export async function findTask(
  client: Client,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<RemoteTask | null> {
  const tasks = await listTasks(client, contextIdOf(assignment), signal);
  const earlier = earlierTask(tasks, assignment);
  return earlier ? getTask(client, assignment, earlier.id, signal) : null;
}

async function listTasks(client: Client, contextId: string, signal: AbortSignal): Promise<readonly Task[]> {
  const query = {
    tenant: '',
    contextId,
    status: TaskState.TASK_STATE_UNSPECIFIED,
    pageSize: list_page,
    pageToken: '',
    statusTimestampAfter: undefined,
    includeArtifacts: false,
  };
  try {
    const { tasks } = await client.listTasks(query, { signal });
    return tasks.filter((task) => task.contextId === contextId);
  } catch (error) {
    if (isMethodMissing(error)) return [];
    throw error;
  }
}

const failures = new Set([TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_CANCELED, TaskState.TASK_STATE_REJECTED]);

/**
 * Which of the context's tasks goes on: one that is at work or done, whichever attempt made it, since its work serves
 * every attempt of the generation. A failed one counts only for the attempt that made it, or each retry would end with
 * the failure that caused it.
 */
function earlierTask(tasks: readonly Task[], { attempt }: Assignment): Task | undefined {
  const alive = tasks.find(({ status }) => status && !failures.has(status.state));
  return alive ?? tasks.find(({ history }) => history.some(({ metadata }) => metadata?.['attempt'] === attempt));
}
