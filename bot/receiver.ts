import { createHash } from 'node:crypto';
import {
  isValidSlackRequest,
  ReceiverMultipleAckError,
  type App,
  type Receiver,
  type ReceiverEvent,
} from '@slack/bolt';
import { Hono, type Context } from 'hono';
import type { Clock, Logger } from '#application/ports.ts';
import { MINUTE, SECOND, type Instant } from '#core/time.ts';
import { ackDeadlines } from './ack-deadlines.ts';
import { seenSignatures } from './seen-signatures.ts';

/** Where Slack is told to send commands, clicks and events. */
export const SLACK_PATH = '/slack/events';

export type HonoReceiver = {
  readonly receiver: Receiver;
  readonly routes: Hono;
  /** When a request last proved to be Slack's, and when one last did not (machine time). */
  readonly last: () => { readonly accepted: number | null; readonly refused: number | null };
};

export type HonoReceiverOptions = {
  /** The present one first; others while it is rotated. */
  readonly signingSecrets: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ack_ms?: number;
};

/** Slack gives up after 3 seconds; a little earlier we say so ourselves, and Slack sends an event again. */
const ACK_MS = 2.7 * SECOND;
const MOST_BYTES = 1_000_000;
const AGE_MS = 5 * MINUTE;

/**
 * Bolt's receiver on the port that everything else is served on. Unlike Bolt's own it also refuses timestamps from the
 * future and what it has seen before, and it answers what it refuses at once.
 */
export function honoReceiver(options: HonoReceiverOptions): HonoReceiver {
  const { signingSecrets, clock, logger, ack_ms = ACK_MS } = options;
  const seen = seenSignatures(AGE_MS);
  const underWay = new Set<Promise<void>>();
  const deadlines = ackDeadlines(clock, ack_ms);
  const last: { accepted: number | null; refused: number | null } = { accepted: null, refused: null };
  const routes = new Hono();
  let app: App | undefined;

  routes.post(SLACK_PATH, async (c) => {
    const length = Number(c.req.header('content-length') ?? Number.NaN);
    // Slack always says how long a body is; reading a stream under a limit would cost twice the time.
    if (!(length <= MOST_BYTES)) return c.body(null, 413);
    const raw = await c.req.text();
    const signature = c.req.header('x-slack-signature') ?? '';
    if (!isFromSlack(c, raw, signature, signingSecrets, clock.machine())) {
      last.refused = clock.machine();
      return c.body(null, 401);
    }
    last.accepted = clock.machine();
    const isRetry = c.req.header('x-slack-retry-num') !== undefined;
    // The same signature twice is the same request twice: Slack's own repetition, which says so, or somebody else's.
    if (!seen.isNew(signature, clock.machine())) return c.body(null, isRetry ? 200 : 401);
    const body = bodyOf(raw, c.req.header('content-type') ?? '');
    if (!body) return c.body(null, 400);
    // Slack looks now and then whether the certificate is good.
    if (body['ssl_check'] === '1') return c.body(null, 200);
    if (body['type'] === 'url_verification') return c.json({ challenge: String(body['challenge']) });
    // An event that comes again has a signature of its own, but its id is the same.
    const eventId: unknown = body['event_id'];
    return answered(c, body, requestIdOf(typeof eventId === 'string' ? eventId : signature));
  });

  /** Answers with the listener's ack; what the listener does after it goes on, and a stop waits for that. */
  function answered(c: Context, body: ReceiverEvent['body'], requestId: string): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    let acked = false;
    const acknowledged = deadlines.begin(() => resolve(c.body(null, 503)));
    const settle = (response: () => Response): void => {
      acknowledged();
      resolve(response());
    };
    const event: ReceiverEvent = {
      body,
      customProperties: { requestId },
      ack: async (reply?: unknown) => {
        if (acked) throw new ReceiverMultipleAckError();
        acked = true;
        settle(() => ackOf(c, reply));
      },
      ...retryOf(c),
    };
    const work = (async () => {
      try {
        if (!app) throw new Error('The Slack app is not ready.');
        await app.processEvent(event);
        // Nobody here listens to it.
        if (!acked) settle(() => c.body(null, 404));
      } catch (error) {
        logger.error('A request of Slack failed.', { error: String(error), acked });
        settle(() => c.body(null, 500));
      }
    })();
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
    return promise;
  }

  const receiver: Receiver = {
    init: (given) => {
      app = given;
    },
    // The port is somebody else's.
    start: async () => undefined,
    stop: () => Promise.allSettled(underWay),
  };
  return { receiver, routes, last: () => ({ ...last }) };
}

/** Signed by one of the secrets within the last five minutes, or the next. */
function isFromSlack(
  c: Context,
  body: string,
  signature: string,
  signingSecrets: readonly string[],
  now: Instant,
): boolean {
  const stamp = Number(c.req.header('x-slack-request-timestamp') ?? Number.NaN);
  if (!Number.isInteger(stamp) || Math.abs(now - stamp * SECOND) > AGE_MS) return false;
  const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': stamp };
  return signingSecrets.some((signingSecret) =>
    isValidSlackRequest({ signingSecret, body, headers, nowMilliseconds: now }),
  );
}

/** Short, and the same for the same request on every replica. */
export const requestIdOf = (id: string): string => createHash('sha256').update(id).digest('base64url');

function ackOf(c: Context, reply: unknown): Response {
  if (reply === undefined || reply === null || reply === '') return c.body(null, 200);
  return typeof reply === 'string' ? c.text(reply) : c.json(reply);
}

function retryOf(c: Context): { retryNum?: number; retryReason?: string } {
  const retryNum = Number(c.req.header('x-slack-retry-num') ?? Number.NaN);
  return Number.isNaN(retryNum) ? {} : { retryNum, retryReason: c.req.header('x-slack-retry-reason') ?? '' };
}

/** Commands come as a form, clicks as JSON in a form's `payload`, events as JSON. */
function bodyOf(raw: string, type: string): ReceiverEvent['body'] | undefined {
  const form = type.startsWith('application/x-www-form-urlencoded') ? new URLSearchParams(raw) : undefined;
  const payload = form?.get('payload');
  if (form && (payload === null || payload === undefined)) return Object.fromEntries(form);
  try {
    const parsed: unknown = JSON.parse(payload ?? raw);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
