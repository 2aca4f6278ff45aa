import { type Message, type SendMessageRequest, type Task, TaskState } from '@a2a-js/sdk';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';

const mostKeys = 10_000;
const failures = new Set([TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_CANCELED, TaskState.TASK_STATE_REJECTED]);

/**
 * The SDK makes a new task of every message, also of one that it has had before. This makes a second message with the
 * same idempotency key answer with the first one's task, so that the work is done once; after a failure it is done anew.
 */
export function idempotent(handler: A2ARequestHandler): A2ARequestHandler {
  const byKey = new Map<string, Promise<Message | Task>>();

  async function sendMessage(request: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    const key: unknown = request.message?.metadata?.['idempotencyKey'];
    if (typeof key !== 'string') return handler.sendMessage(request, context);
    const earlier = byKey.get(key);
    // Registered before anything is awaited, so that two messages at the same time share one task as well.
    const answer = earlier ? repeated(handler, earlier, request, context) : handler.sendMessage(request, context);
    byKey.set(key, answer);
    forgetOldest(byKey);
    try {
      return await answer;
    } catch (error) {
      if (byKey.get(key) === answer) byKey.delete(key);
      throw error;
    }
  }

  // The SDK's handler keeps its methods on the prototype, so a spread would lose them.
  return new Proxy(handler, { get: (target, name) => (name === 'sendMessage' ? sendMessage : methodOf(target, name)) });
}

async function repeated(
  handler: A2ARequestHandler,
  earlier: Promise<Message | Task>,
  request: SendMessageRequest,
  context: ServerCallContext,
): Promise<Message | Task> {
  const first = await earlier.catch(() => undefined);
  if (!first) return handler.sendMessage(request, context);
  if ('messageId' in first) return first;
  const task = await handler.getTask({ tenant: '', id: first.id }, context);
  return task.status && failures.has(task.status.state) ? handler.sendMessage(request, context) : task;
}

function methodOf(target: A2ARequestHandler, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

function forgetOldest(byKey: Map<string, unknown>): void {
  const [oldest] = byKey.keys();
  if (byKey.size > mostKeys && oldest !== undefined) byKey.delete(oldest);
}
