import { type Artifact, type Message, type Part, type Task, TaskState } from '@a2a-js/sdk';
import { type ErrorCode, errorCatalogue, JourneyError } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import type { Question } from '#core/work/unit.ts';
import type { RemoteTask, TaskOutcome } from '#application/ports.ts';
import { uuid5 } from './uuid5.ts';

const longestMessage_chars = 500;
/** Ours, drawn once. */
const questionNamespace = '7c0a6f9e-52c8-4d5b-8e2f-3f6f0f2b9d41';

/** What the agent's own record of the task means to us. Throws agent.unreachable where it means nothing. */
export function remoteTaskOf(task: Task, contextId: string): RemoteTask {
  if (task.id === '') throw garbage('answered with a task that has no id');
  if (task.contextId !== '' && task.contextId !== contextId) {
    throw garbage(`answered with a task of another context, ${task.contextId}`);
  }
  const remoteTaskId = task.id;
  const said = textOf(task.status?.message);
  const ended = (outcome: TaskOutcome): RemoteTask => ({ state: 'ended', remoteTaskId, outcome });
  switch (task.status?.state) {
    case TaskState.TASK_STATE_SUBMITTED:
    case TaskState.TASK_STATE_WORKING:
      return { state: 'working', remoteTaskId, agentId: null, ...(said === '' ? {} : { message: said }) };
    case TaskState.TASK_STATE_INPUT_REQUIRED:
      return { state: 'interrupted', remoteTaskId, agentId: null, question: questionOf(task, 'input', said) };
    case TaskState.TASK_STATE_AUTH_REQUIRED:
      return { state: 'interrupted', remoteTaskId, agentId: null, question: questionOf(task, 'authorization', said) };
    case TaskState.TASK_STATE_COMPLETED:
      return ended(outputOf(task.artifacts));
    case TaskState.TASK_STATE_FAILED:
      return ended(failed('task.failed', said || 'The agent reported a failure without a reason.'));
    case TaskState.TASK_STATE_CANCELED:
      return ended(failed('task.failed', said || 'The agent cancelled the task.'));
    case TaskState.TASK_STATE_REJECTED:
      return ended(failed('task.rejected', said || 'The agent rejected the task without a reason.'));
    default:
      throw garbage('answered with a task in no known state');
  }
}

/** Who asks anew says so by another message, or at another time. */
const questionOf = ({ id, status }: Task, needs: Question['needs'], text: string): Question => ({
  id: uuid5(questionNamespace, JSON.stringify([id, needs, status?.message?.messageId, status?.timestamp, text])),
  needs,
  text: text || 'It does not say what.',
});

/** An agent may answer at once with a message and make no task: its data is then the output. */
export const answeredDirectly = (message: Message): RemoteTask => ({
  state: 'ended',
  remoteTaskId: null,
  outcome: onlyData(message.parts, 'The direct answer'),
});

function outputOf(artifacts: readonly Artifact[]): TaskOutcome {
  const named = artifacts.find(({ name }) => name === 'output');
  if (named) return onlyData(named.parts, 'The artifact "output"');
  return onlyData(
    artifacts.flatMap(({ parts }) => parts),
    'No artifact is named "output", and the result',
  );
}

function onlyData(parts: readonly Part[], whose: string): TaskOutcome {
  const values = parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as Json] : []));
  const [output] = values;
  if (values.length === 1 && output !== undefined) return { type: 'succeeded', output };
  return failed('task.output_missing', `${whose} has ${values.length} data parts; it takes exactly one.`);
}

export const failed = (code: ErrorCode, message: string): TaskOutcome => ({
  type: 'failed',
  code,
  message,
  retryable: errorCatalogue[code].retryable,
});

function textOf(message: Message | undefined): string {
  const texts = message?.parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])) ?? [];
  const text = texts.join(' ').trim();
  return text.length > longestMessage_chars ? `${text.slice(0, longestMessage_chars - 1)}…` : text;
}

export const garbage = (problem: string): JourneyError => new JourneyError('agent.unreachable', problem);
