import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { JourneyError, type ErrorCode, type Refusal } from '#core/errors.ts';
import { problemOf, type Problem } from '#application/execute.ts';
import type { Logger } from '#application/ports.ts';
import type { HttpEnv } from './env.ts';

const RETRY_AFTER_SECONDS = 2;

/** Answers a problem as RFC 9457 has it. */
export function answerProblem(c: Context<HttpEnv>, problem: Problem): Response {
  const { code, message, status, retryable, hint, details } = problem;
  c.set('problem', code);
  const body = {
    type: `urn:journey-orchestrator:problem:${code}`,
    title: titleOf(code),
    status,
    detail: message,
    code,
    ...(hint === undefined ? {} : { hint }),
    request_id: c.get('requestId'),
    retryable,
    ...(details === undefined ? {} : { details }),
  };
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, headersOf(problem));
}

export const answerRefusal = (c: Context<HttpEnv>, { refused, message, hint, details }: Refusal): Response =>
  answerProblem(c, problemOf(refused, message, hint, details));

/** Whatever was thrown: one of ours is told as it is, anything else goes to the log and only its request id goes out. */
export function answerThrown(c: Context<HttpEnv>, error: unknown, logger: Logger): Response {
  if (error instanceof JourneyError)
    return answerProblem(c, problemOf(error.code, error.message, error.hint, error.details));
  const requestId = c.get('requestId');
  logger.error('A request failed in the door.', {
    request_id: requestId,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return answerProblem(c, problemOf('internal', 'Something went wrong here.', `The log has it under ${requestId}.`));
}

function headersOf({ code, status, details }: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (status === 401) headers['www-authenticate'] = code === 'auth.missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  if (status === 503 || status === 429) {
    const seconds = details?.['retry_after_seconds'];
    headers['retry-after'] = String(
      typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : RETRY_AFTER_SECONDS,
    );
  }
  // The rest of a body that is too large is not waited for.
  if (status === 413) headers['connection'] = 'close';
  const location = details?.['location'];
  if (typeof location === 'string') headers['location'] = location;
  return headers;
}

/** `journey.not_active` reads `Journey not active`: the same words for every occurrence, as the RFC asks. */
function titleOf(code: ErrorCode): string {
  const words = code.replaceAll(/[._]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
