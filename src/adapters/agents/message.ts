import { Role, type SendMessageRequest } from '@a2a-js/sdk';
import type { JsonObject } from '#core/json.ts';
import type { AgentAnswer, Assignment } from '#application/ports.ts';
import { uuid5 } from './uuid5.ts';

/** Ours, drawn once. A new one would make every message of running work look like another message. */
const messageNamespace = 'b1f0c7de-6f53-4c0e-9a35-8d2c1f7e4a90';

/** All attempts of one generation share a context, so that listTasks finds whatever an earlier send has made. */
export const contextIdOf = ({ workId, taskId, generation }: Assignment): string =>
  `uow:${workId}:${taskId}:${generation}`;

/**
 * The same for a repeated send of the same attempt, so that an agent that knows messages apart by their id does the
 * work once. The attempt is part of it: such an agent would answer a retry with the failure that caused it.
 */
export const messageIdOf = ({ workId, taskId, generation, attempt }: Assignment): string =>
  uuid5(messageNamespace, JSON.stringify([workId, taskId, generation, attempt]));

/** The answer to one question of the agent; the same again where it is sent again. */
const answerIdOf = (assignment: Assignment, questionId: string): string =>
  uuid5(messageNamespace, JSON.stringify([messageIdOf(assignment), questionId]));

/** Where an agent may tell that something has happened, and the token that it must show there. */
export type PushTarget = { readonly url: string; readonly token: string };

export function requestFor(assignment: Assignment, skillId: string, push: PushTarget | null): SendMessageRequest {
  const { intent, clientId, workId, taskId, attempt, idempotencyKey, input } = assignment;
  const metadata = { skillId, intent, clientId, workId, taskId, attempt, idempotencyKey };
  return message(assignment, { messageId: messageIdOf(assignment), taskId: '', data: input, metadata }, push);
}

/** What people answered to a question, into the task that asked it. */
export const answerFor = (
  assignment: Assignment,
  remoteTaskId: string,
  { questionId, answer }: AgentAnswer,
): SendMessageRequest =>
  message(
    assignment,
    {
      messageId: answerIdOf(assignment, questionId),
      taskId: remoteTaskId,
      data: answer,
      metadata: { intent: assignment.intent, attempt: assignment.attempt, idempotencyKey: assignment.idempotencyKey },
    },
    null,
  );

type Content = {
  readonly messageId: string;
  readonly taskId: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
};

const message = (
  assignment: Assignment,
  { messageId, taskId, data, metadata }: Content,
  push: PushTarget | null,
): SendMessageRequest => ({
  tenant: '',
  message: {
    messageId,
    contextId: contextIdOf(assignment),
    taskId,
    role: Role.ROLE_USER,
    parts: [
      { content: { $case: 'data', value: data }, metadata: undefined, filename: '', mediaType: 'application/json' },
    ],
    metadata,
    extensions: [],
    referenceTaskIds: [],
  },
  // Without returnImmediately a send blocks until the work is done, and a lost connection would lose the task's id.
  configuration: {
    acceptedOutputModes: ['application/json'],
    taskPushNotificationConfig: push
      ? { tenant: '', id: messageId, taskId: '', ...push, authentication: undefined }
      : undefined,
    historyLength: 0,
    returnImmediately: true,
  },
  metadata: undefined,
});
