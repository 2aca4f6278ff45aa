import { SECOND, type Instant } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';
import type { DeliveryResult } from '#application/relay/destination.ts';
import type { GuardedPost, Posted } from './guarded-post.ts';
import { hubSignature, webhookHeaders, type SigningKey } from './standard-webhook.ts';

export type SignedPostParts = {
  readonly url: URL;
  readonly contentType: string;
  /** All of them sign webhook-signature; without any the call is not signed. */
  readonly keys: readonly SigningKey[];
  /** The first signs X-Hub-Signature-256, too. */
  readonly alsoHub?: boolean;
  readonly post: GuardedPost;
  readonly clock: Pick<Clock, 'machine'>;
};

export type SignedPost = (
  message: { readonly id: string; readonly body: string; readonly traceparent?: string },
  signal: AbortSignal,
) => Promise<DeliveryResult>;

/** One attempt to hand over a message by a signed POST (Standard Webhooks). Only 2xx is a success. */
export function signedPost({ url, contentType, keys, alsoHub = false, post, clock }: SignedPostParts): SignedPost {
  const [first] = keys;
  return async ({ id, body, traceparent }, signal) => {
    const headers = {
      'content-type': contentType,
      'user-agent': 'journey-orchestrator',
      ...(first ? webhookHeaders({ id, body, at: clock.machine() }, keys) : {}),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(alsoHub && first ? { 'x-hub-signature-256': hubSignature(body, first) } : {}),
    };
    return resultOf(await post({ url, headers, body, signal }), clock.machine());
  };
}

const PAYLOAD_TOO_LARGE = 413;
const GONE = 410;

function resultOf(posted: Posted, now: Instant): DeliveryResult {
  if (posted.type === 'failed') return { type: 'retry', problem: posted.problem, mayHaveArrived: posted.connected };
  const { status, retryAfter } = posted;
  if (status >= 200 && status < 300) return { type: 'delivered' };
  const problem = problemOf(posted);
  if (status === GONE) return { type: 'gone', problem };
  // It would be as large the next time.
  if (status === PAYLOAD_TOO_LARGE) return { type: 'refused', problem };
  const after_ms = retryAfter_ms(retryAfter, now);
  return { type: 'retry', problem, mayHaveArrived: true, ...(after_ms === undefined ? {} : { after_ms }) };
}

const MOST_TEXT = 200;

function problemOf({ status, location, text }: Extract<Posted, { type: 'answered' }>): string {
  if (status >= 300 && status < 400)
    return `It answered HTTP ${status} to ${clean(location ?? 'nowhere')}; redirects are not followed.`;
  const said = clean(text);
  return said === '' ? `It answered HTTP ${status}.` : `It answered HTTP ${status}: ${said}`;
}

/** What somebody else has written, fit to be stored and to be shown in a terminal. */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- control characters are what must not come in.
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .trim()
    .slice(0, MOST_TEXT)
    .toWellFormed();

/** Seconds, or a date. */
export function retryAfter_ms(header: string | undefined, now: Instant): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
