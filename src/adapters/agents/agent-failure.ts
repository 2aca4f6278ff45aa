import {
  A2A_ERROR_CODE,
  A2AError,
  ContentTypeNotSupportedError,
  ExtensionSupportRequiredError,
  isJsonRpcError,
  isRestError,
  RequestMalformedError,
  UnsupportedOperationError,
  VersionNotSupportedError,
} from '@a2a-js/sdk/errors';
import { JourneyError } from '#core/errors.ts';
import type { TaskOutcome } from '#application/ports.ts';
import { failed } from './remote-task.ts';

const refusals = [
  RequestMalformedError,
  ContentTypeNotSupportedError,
  ExtensionSupportRequiredError,
  VersionNotSupportedError,
  UnsupportedOperationError,
];

/** What a call that threw means for the task: the agent refuses it, the agent failed, or nobody sensible answered. */
export function outcomeOf(error: unknown, agentId: string): TaskOutcome {
  if (refusals.some((kind) => error instanceof kind))
    return failed('task.rejected', `${agentId} refused: ${problemOf(error)}.`);
  if (error instanceof A2AError && !isRestError(error))
    return failed('task.failed', `${agentId} failed: ${problemOf(error)}.`);
  return failed('agent.unreachable', `${agentId} ${problemOf(error)}.`);
}

/** Whether the answer says that the agent does not have the method, which is no failure of the agent. */
export function isMethodMissing(error: unknown): boolean {
  if (error instanceof UnsupportedOperationError) return true;
  if (isJsonRpcError(error)) return error.envelopeCode === A2A_ERROR_CODE.METHOD_NOT_FOUND;
  return isRestError(error) && [404, 405, 501].includes(error.statusCode);
}

/** What went wrong, as the end of a sentence that begins with the agent's name, and short enough to store. */
export function problemOf(error: unknown): string {
  const text = describe(error).replace(/\s+/g, ' ').trim();
  const short = text.length > 300 ? `${text.slice(0, 299)}…` : text;
  return short.replace(/\.$/, '');
}

function describe(error: unknown): string {
  if (error instanceof JourneyError) return error.message;
  if (isRestError(error)) return `answered HTTP ${error.statusCode}: ${error.message}`;
  if (error instanceof A2AError) return error.message;
  if (error instanceof SyntaxError) return 'answered with something that is not JSON';
  if (!(error instanceof Error)) return `cannot be reached: ${String(error)}`;
  if (error.name === 'AbortError') return 'was not waited for: the call was called off';
  const { cause } = error;
  // fetch says only "fetch failed"; the reason is the cause's code, and an AggregateError has a code but no message.
  if (cause instanceof Error) return `cannot be reached: ${'code' in cause ? String(cause.code) : cause.message}`;
  return `gave an answer that cannot be read: ${error.message}`;
}
