import { Role, type SendMessageRequest } from '@a2a-js/sdk';
import type { Assignment } from '#application/ports.ts';
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

export function requestFor(assignment: Assignment, skillId: string): SendMessageRequest {
  const { intent, clientId, workId, taskId, attempt, idempotencyKey, input } = assignment;
  return {
    tenant: '',
    message: {
      messageId: messageIdOf(assignment),
      contextId: contextIdOf(assignment),
      taskId: '',
      role: Role.ROLE_USER,
      parts: [
        { content: { $case: 'data', value: input }, metadata: undefined, filename: '', mediaType: 'application/json' },
      ],
      metadata: { skillId, intent, clientId, workId, taskId, attempt, idempotencyKey },
      extensions: [],
      referenceTaskIds: [],
    },
    // Without returnImmediately a send blocks until the work is done, and a lost connection would lose the task's id.
    configuration: {
      acceptedOutputModes: ['application/json'],
      taskPushNotificationConfig: undefined,
      historyLength: 0,
      returnImmediately: true,
    },
    metadata: undefined,
  };
}
