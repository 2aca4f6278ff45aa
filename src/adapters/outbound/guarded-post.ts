import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { literalOf, type AddressGuard } from './address-guard.ts';

export type Posted =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly location: string | undefined;
      readonly retryAfter: string | undefined;
      /** The beginning of what is said about a failure. */
      readonly text: string;
    }
  /** No answer. `connected`: the request may have arrived. */
  | { readonly type: 'failed'; readonly problem: string; readonly connected: boolean };

export type PostRequest = {
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly signal: AbortSignal;
};

/** All addresses of a name. */
export type LookUp = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;
export type GuardedPost = (request: PostRequest) => Promise<Posted>;

/** What is read of an answer; the rest is cut off. */
const MOST_BODY_BYTES = 16_384;

const systemLookUp: LookUp = (hostname, done) => systemLookup(hostname, { all: true }, done);

/**
 * The POST that every call of a destination over HTTP goes through. A name is looked up once, and the connection is made
 * to the very addresses that were judged, so that a name which changes in between leads nowhere else. Redirects are not
 * followed. Never throws.
 */
export const guardedPost =
  (guard: AddressGuard, lookUp: LookUp = systemLookUp): GuardedPost =>
  async ({ url, headers, body, signal }) => {
    // An address that stands in the URL itself is never looked up, so the hook below would not see it.
    const problem = guard.problemOfUrl(url);
    if (problem !== undefined) return { type: 'failed', problem, connected: false };
    const lookup = pinned(guard, url, lookUp);
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      signal,
      // No connection is kept: each call is judged anew.
      agent: false,
      ...(literalOf(url) === undefined ? { lookup } : {}),
    };
    return send(url, options, body);
  };

function send(url: URL, options: RequestOptions, body: string): Promise<Posted> {
  const { promise, resolve } = Promise.withResolvers<Posted>();
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
  let connected = false;
  request.on('socket', (socket) => {
    // Over TLS nothing is sent before both sides have agreed on it.
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (connected = true));
  });
  request.on('error', (error) => resolve({ type: 'failed', problem: messageOf(error), connected }));
  request.on('response', (response) => {
    const { statusCode: status = 0, headers } = response;
    const answered = {
      type: 'answered',
      status,
      location: headers.location,
      retryAfter: headers['retry-after'],
    } as const;
    if (status < 200 || status >= 300) return void beginningOf(response).then((text) => resolve({ ...answered, text }));
    // Success has been said: however long the body goes on, nobody needs it.
    resolve({ ...answered, text: '' });
    response.destroy();
  });
  request.end(body);
  return promise;
}

/** As much of the body as is allowed; a body that breaks off says what it has said. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size_bytes += chunk.length;
      // Leaving the loop destroys the connection.
      if (size_bytes >= MOST_BODY_BYTES) break;
    }
  } catch {
    response.destroy();
  }
  return Buffer.concat(chunks).toString('utf8', 0, MOST_BODY_BYTES);
}

function pinned(guard: AddressGuard, url: URL, lookUp: LookUp): LookupFunction {
  return (hostname, options, done) =>
    lookUp(hostname, (error, found) => {
      if (error) return done(error, '');
      const judged = found.map(({ address, family }) => ({
        address,
        family,
        problem: guard.problemOfAddress(url, address),
      }));
      const allowed = judged.filter(({ problem }) => problem === undefined);
      const [first] = allowed;
      if (!first) return done(refused(hostname, judged[0]?.problem ?? 'it has no address'), '');
      return options.all
        ? done(
            null,
            allowed.map(({ address, family }) => ({ address, family })),
          )
        : done(null, first.address, first.family);
    });
}

const refused = (hostname: string, problem: string): NodeJS.ErrnoException => new Error(`${hostname}: ${problem}`);

/** Several addresses that were tried in vain come as one error without words. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError) return (error.errors as readonly Error[]).map(messageOf).join('; ');
  return error.message;
}
