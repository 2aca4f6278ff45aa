import { ownBuild } from './version.ts';
import type { Connection } from './connection.ts';
import type { Environment } from './environment.ts';
import { isFailure, type Failure } from './failure.ts';
import type { Request } from './request.ts';

export type Answered = { readonly value: unknown };

/** Sends one request; a write comes with its idempotency key. */
export type Ask = (request: Request, key?: string) => Promise<Answered | Failure>;

/** The connection broke after something may have been sent: the same request may be sent again under its key. */
type Broken = { readonly broken: string };

const BREAKS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export function askOver(connection: Connection, environment: Environment): Ask {
  return async (request, key) => {
    const first = await askOnce(connection, environment, request, key);
    if (!('broken' in first)) return first;
    // Once: a write that was recorded the first time is answered from the record, because the key is the same.
    const second = await askOnce(connection, environment, request, key);
    return 'broken' in second ? notAnswered(connection, second.broken, key) : second;
  };
}

async function askOnce(
  connection: Connection,
  { deadline }: Environment,
  { method, path, query, body, document }: Request,
  key: string | undefined,
): Promise<Answered | Failure | Broken> {
  const { base, token, timeout_ms } = connection;
  const url = new URL(`${base.pathname.replace(/\/+$/, '')}${path}`, base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        'user-agent': `journey-cli/${ownBuild.version}`,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(document === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(document === undefined ? {} : { body: document }),
      // Following would turn a POST into a GET, and carry the token to where nobody sent it.
      redirect: 'manual',
      signal: deadline(timeout_ms),
    });
    return answerOf(connection, response, await response.text());
  } catch (error) {
    return troubleOf(connection, error, key);
  }
}

function answerOf(connection: Connection, response: Response, text: string): Answered | Failure {
  const { status } = response;
  if (status === 204) return { value: null };
  const value = jsonOf(text);
  if (response.ok && value !== undefined) return { value };
  const location = response.headers.get('location');
  return problemOf(connection, status, value) ?? notOurs(connection.base, status, location);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The server's RFC 9457 problem as a failure; undefined where the answer is not one. */
function problemOf({ token, tokenFrom }: Connection, status: number, value: unknown): Failure | undefined {
  if (status < 400 || typeof value !== 'object' || value === null) return undefined;
  const { code, detail, title, hint, request_id: requestId } = value as Record<string, unknown>;
  if (typeof code !== 'string') return undefined;
  const toDo = status === 401 ? tokenHint(token, tokenFrom) : hint;
  return {
    failed: status === 404 ? 'notFound' : 'refused',
    message: [detail, title].find((text) => typeof text === 'string') ?? `The server answered ${status}.`,
    code,
    ...(typeof toDo === 'string' ? { hint: toDo } : {}),
    ...(typeof requestId === 'string' ? { requestId } : {}),
  };
}

const tokenHint = (token: string | null, from: string): string =>
  token === null
    ? `${from} Set JOURNEY_API_TOKEN, or name a file with --token-file.`
    : `${from} Use one that is in force.`;

const notOurs = ({ href }: URL, status: number, location: string | null): Failure => ({
  failed: 'unreachable',
  message: `${href} answered ${status}${location === null ? '' : ` and points to ${location}`}: that is not the orchestrator's API.`,
  hint: 'Check the URL (--server or JOURNEY_API_URL) and what stands before the server.',
});

function troubleOf(connection: Connection, error: unknown, key: string | undefined): Failure | Broken {
  if (isFailure(error)) return error;
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError')
    return notAnswered(connection, `no complete answer came within ${connection.timeout_ms / 1_000} s`, key);
  const { code, message: detail } = (cause ?? {}) as { readonly code?: string; readonly message?: string };
  if (code !== undefined && BREAKS.has(code)) return { broken: 'the connection broke before the answer came' };
  const why = code === 'ECONNREFUSED' ? 'connection refused' : (nonEmpty(detail) ?? code ?? message);
  return {
    failed: 'unreachable',
    message: `Nothing answers at ${connection.base.href}: ${why}.`,
    hint: 'Start the server with `npm start`, or name another with --server or JOURNEY_API_URL.',
  };
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function notAnswered({ base }: Connection, why: string, key: string | undefined): Failure {
  const message = `${base.href}: ${why}`;
  return key === undefined
    ? { failed: 'unreachable', message: `${message}.`, hint: 'Try again; --timeout gives it longer.' }
    : {
        failed: 'unreachable',
        message: `${message}; whether it was done is not known.`,
        hint: `Repeat it with --idempotency-key=${key}: it is done at most once.`,
      };
}
