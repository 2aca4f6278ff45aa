import { SECOND, type Instant } from '#core/time.ts';
import { isObject, type Json } from '#core/json.ts';

export type TrackerServer = {
  /** As people call it. */
  readonly title: string;
  readonly url: string;
  /** Says who asks. */
  readonly headers: { readonly [name: string]: string };
};

export type Ask = (question: Question, signal: AbortSignal) => Promise<TrackerAnswer>;
export type Question = {
  /** Below the server's URL. */
  readonly path: string;
  /** Sent as JSON by POST; without it the question is a GET. */
  readonly body?: Json;
  /** What was answered before: where nothing has changed the answer has status 304. */
  readonly etag?: string | undefined;
  /** That there is no such thing is an answer, with status 404. */
  readonly mayBeMissing?: boolean;
};
export type TrackerAnswer = { readonly status: number; readonly etag: string | null; readonly body: Json };

export type AskParts = {
  readonly fetchBounded: typeof fetch;
  /** Machine time. */
  readonly now: () => Instant;
};

const [NOT_MODIFIED, NOT_FOUND] = [304, 404];
/** Where a tracker asks to slow down and does not say for how long. */
const PAUSE_MS = 60 * SECOND;
const MOST_PAUSE_MS = 3_600 * SECOND;

/** Asks a tracker, and keeps quiet for as long as it asks for. Throws in a clause where there is no answer to use. */
export function askTracker({ title, url, headers }: TrackerServer, { fetchBounded, now }: AskParts): Ask {
  let quietUntil = 0;
  return async ({ path, body, etag, mayBeMissing }, signal) => {
    const left_ms = quietUntil - now();
    if (left_ms > 0) throw new Error(`${title} has asked to wait for ${Math.ceil(left_ms / SECOND)} s more`);
    const response = await answerTo(path, body, etag, signal);
    const { status } = response;
    if (status === NOT_MODIFIED && etag !== undefined) return { status, etag, body: null };
    if (status === NOT_FOUND && mayBeMissing === true) return { status, etag: null, body: null };
    const answer = jsonIn(await response.text());
    const pause_ms = pauseOf(response, now());
    if (pause_ms !== undefined) {
      quietUntil = now() + pause_ms;
      throw new Error(
        `${title} says ${status}: too many requests; it is asked again in ${Math.ceil(pause_ms / SECOND)} s`,
      );
    }
    if (!response.ok) throw new Error(`${title} says ${status}${saidIn(answer)}`);
    if (answer === undefined) throw new Error(`${title} answered with something that is not JSON`);
    return { status, etag: response.headers.get('etag'), body: answer };
  };

  async function answerTo(
    path: string,
    body: Json | undefined,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    try {
      return await fetchBounded(`${url.replace(/\/+$/, '')}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'user-agent': 'journey-orchestrator',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
    } catch (error) {
      throw new Error(`${title} ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

/** How long to keep quiet; undefined: this is no request to slow down. GitHub says it with 403, Linear with 400. */
function pauseOf({ status, headers }: Response, now: Instant): number | undefined {
  const after = Number(headers.get('retry-after') ?? NaN) * SECOND;
  const spent = ['x-ratelimit-remaining', 'x-ratelimit-requests-remaining'].some((name) => headers.get(name) === '0');
  const limited = status === 429 || ((status === 403 || status === 400) && (spent || after >= 0));
  if (!limited) return undefined;
  // Seconds since 1970 at GitHub and milliseconds at Linear.
  const resets = Number(headers.get('x-ratelimit-reset') ?? NaN) * SECOND - now;
  const resetsSoon = Number(headers.get('x-ratelimit-requests-reset') ?? NaN) - now;
  const asked = [after, resets, resetsSoon].find((wait_ms) => wait_ms >= 0) ?? PAUSE_MS;
  return Math.min(Math.max(asked, SECOND), MOST_PAUSE_MS);
}

function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What each of them says of a failure: `message`, `errorMessages`, or `errors` with a message each. */
export function saidIn(body: Json | undefined): string {
  if (!isObject(body)) return '';
  const { message, errorMessages, errors } = body;
  const inList = (Array.isArray(errors) ? errors : []).map((one: Json) => (isObject(one) ? one['message'] : one));
  const all = [message, ...(Array.isArray(errorMessages) ? (errorMessages as readonly Json[]) : []), ...inList];
  const said = all.find((one) => typeof one === 'string' && one !== '');
  return typeof said === 'string' ? `: ${said.slice(0, 200)}` : '';
}
