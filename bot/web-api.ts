import { LogLevel, webApi, type Logger as SlackLogger } from '@slack/bolt';
import type { Logger } from '#application/ports.ts';
import type { DeliveryResult } from '#application/relay/destination.ts';
import { SECOND } from '#core/time.ts';

export type WebClient = webApi.WebClient;

/** Shorter than a lease, so that whoever takes over does not send while we still do. */
const TIMEOUT_MS = 8 * SECOND;

/** One attempt a call and no waiting: whether and when to try again is decided by whoever called. */
export const webClientOptions = (apiUrl: string, logger: Logger): webApi.WebClientOptions => ({
  slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: TIMEOUT_MS,
  allowAbsoluteUrls: false,
  logger: quietLogger(logger),
});

export const webClient = (token: string, options: webApi.WebClientOptions): WebClient =>
  new webApi.WebClient(token, options);

/**
 * What Slack's libraries say, at debug level and without anything that looks like a token: their own words hold request
 * bodies and headers.
 */
export const quietLogger = (logger: Logger): SlackLogger => {
  const say = (...parts: readonly unknown[]): void =>
    logger.debug(redacted(parts.map(String).join(' ')), { from: 'slack' });
  const warn = (...parts: readonly unknown[]): void =>
    logger.warn(redacted(parts.map(String).join(' ')), { from: 'slack' });
  return {
    debug: () => undefined,
    info: say,
    warn: say,
    error: warn,
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
};

export const redacted = (text: string): string => text.replaceAll(/\bxox[a-z]-[\w-]+|\bxapp-[\w-]+/g, '***');

/** What a call that failed means for whoever wants its effect. */
export type Failure =
  /** Nothing was done: it may be tried again, after `after_ms` where Slack says so. */
  | { readonly is: 'not_now'; readonly problem: string; readonly after_ms?: number }
  /** Nobody knows whether it was done. */
  | { readonly is: 'ambiguous'; readonly problem: string }
  /** Slack will not do this, however often it is asked. */
  | { readonly is: 'refused'; readonly problem: string }
  /** The app, its token or its place in the channel is gone: nothing gets through until somebody mends that. */
  | { readonly is: 'gone'; readonly problem: string };

const goneErrors = new Set([
  'account_inactive',
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'team_access_not_granted',
  'not_in_channel',
  'channel_not_found',
  'is_archived',
  'missing_scope',
]);
const passingErrors = new Set([
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);
/** Slack answered, but may have done it before it failed. */
const ambiguousErrors = new Set(['fatal_error', 'internal_error']);

export function failureOf(error: unknown): Failure {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { is: 'not_now', problem: 'Slack asks for patience.', after_ms: error.retryAfter * SECOND };
  if (error instanceof webApi.WebAPIPlatformError) {
    const { error: code } = error.data;
    const problem = `Slack says ${code}.`;
    if (goneErrors.has(code)) return { is: 'gone', problem };
    if (ambiguousErrors.has(code)) return { is: 'ambiguous', problem };
    return { is: passingErrors.has(code) ? 'not_now' : 'refused', problem };
  }
  if (error instanceof webApi.WebAPIHTTPError)
    return { is: 'ambiguous', problem: `Slack answered ${error.statusCode}.` };
  return { is: 'ambiguous', problem: redacted(String(error instanceof Error ? error.message : error)).slice(0, 300) };
}

/** Slack's own word for why it refused, where it did. */
export const refusalCode = (error: unknown): string | undefined =>
  error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;

/** A call that failed, as the relay takes it. */
export function deliveryResultOf(error: unknown): DeliveryResult {
  const failure = failureOf(error);
  const { problem } = failure;
  switch (failure.is) {
    case 'gone':
      return { type: 'gone', problem };
    case 'refused':
      return { type: 'refused', problem: `${problem} journey-cli slack check says what is missing.` };
    case 'ambiguous':
      return { type: 'retry', problem, mayHaveArrived: true };
    case 'not_now':
      return {
        type: 'retry',
        problem,
        mayHaveArrived: false,
        ...(failure.after_ms === undefined ? {} : { after_ms: failure.after_ms }),
      };
  }
}
