import { isObject } from '#core/json.ts';
import { connectionOf, type Connection, type ConnectionOptions } from './connection.ts';
import type { Environment } from './environment.ts';
import { isFailure, wrongUsage, type Failure } from './failure.ts';
import { eventData } from './sse.ts';

export type RelayOptions = ConnectionOptions & { readonly readOnly?: boolean };

type Message = {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
/** Beyond this the next line is not read before an answer is there. */
const MOST_UNDER_WAY = 64;
const SERVER_ERROR = -32_000;
const PARSE_ERROR = -32_700;

/**
 * MCP over stdio, for desktop clients: each line that comes in is posted to the server's /mcp, and what that answers goes
 * out as lines. Nothing is kept here but the version that the two agreed on, so the server decides everything.
 */
export async function relayMcp(environment: Environment, options: RelayOptions): Promise<undefined | Failure> {
  const connection = agentConnection(environment, options);
  if (isFailure(connection)) return connection;
  const relay = relayOver(connection, environment, options.readOnly === true);
  const underWay = new Set<Promise<void>>();
  for await (const line of environment.inputLines()) {
    if (line.trim() === '') continue;
    const one = relay.take(line).finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
  }
  relay.hangUp();
  await Promise.all(underWay);
  return undefined;
}

/** Only a token that was given on purpose: a model must not come by the rights of whoever sits at this machine. */
function agentConnection(environment: Environment, options: RelayOptions): Connection | Failure {
  const connection = connectionOf(environment, options, null);
  if (isFailure(connection)) return connection;
  const hint =
    'Make one with journey-cli token create --name=desktop --kind=agent --roles=operator, and put it into JOURNEY_API_TOKEN.';
  if (connection.token === null) return wrongUsage('MCP needs the token of an agent.', hint);
  for (const local of ['admin', 'approver'] as const) {
    const own = connectionOf(
      { ...environment, variables: withoutTokens(environment) },
      { server: options.server },
      local,
    );
    if (!isFailure(own) && own.token === connection.token)
      return wrongUsage(`The token is this machine's own (${local}.token), which agents do not get.`, hint);
  }
  return connection;
}

const withoutTokens = ({ variables }: Environment): Environment['variables'] => ({
  ...variables,
  JOURNEY_API_TOKEN: undefined,
  JOURNEY_API_TOKEN_FILE: undefined,
});

function relayOver({ base, token, timeout_ms }: Connection, environment: Environment, readOnly: boolean) {
  const url = new URL(`${base.pathname.replace(/\/+$/, '')}/mcp`, base);
  const calls = new Map<string | number, AbortController>();
  const streams = new Set<AbortController>();
  /** What the old protocol agrees on once and then expects in every request. */
  let agreed: string | undefined;

  const write = (message: unknown): void => environment.out(`${JSON.stringify(message)}\n`);
  const fail = (id: Message['id'] | null, code: number, message: string): void => {
    if (id !== undefined) write({ jsonrpc: '2.0', id, error: { code, message } });
  };

  async function take(line: string): Promise<void> {
    const message = parsed(line);
    if (message === undefined) return fail(null, PARSE_ERROR, 'The line is not JSON.');
    if (message.method === 'notifications/cancelled') return cancel(message);
    const ending = new AbortController();
    const subscribes = message.method === 'subscriptions/listen';
    if (message.id !== undefined) calls.set(message.id, ending);
    if (subscribes) streams.add(ending);
    try {
      const signal = subscribes ? ending.signal : AbortSignal.any([ending.signal, environment.deadline(timeout_ms)]);
      await post(line, message, signal);
    } catch (error) {
      if (!ending.signal.aborted)
        fail(message.id, SERVER_ERROR, `${url.href} does not answer: ${reasonOf(error)}. Is the orchestrator running?`);
    } finally {
      if (message.id !== undefined) calls.delete(message.id);
      streams.delete(ending);
    }
  }

  /** Over HTTP a call is cancelled by hanging up. */
  function cancel({ params }: Message): void {
    const id = params?.['requestId'];
    if (typeof id === 'string' || typeof id === 'number') calls.get(id)?.abort();
  }

  async function post(body: string, message: Message, signal: AbortSignal): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token ?? ''}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(readOnly ? { 'x-mcp-readonly': 'true' } : {}),
        ...headersOf(message, agreed),
      },
      body,
      redirect: 'manual',
      signal,
    });
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true && response.body) {
      for await (const data of eventData(response.body)) answer(message, data);
      return;
    }
    const text = await response.text();
    if (text !== '') answer(message, text, response.status);
    else if (!response.ok) fail(message.id, SERVER_ERROR, `The server answered ${response.status}.`);
  }

  function answer({ id, method }: Message, text: string, status = 200): void {
    const told = parsed(text) as (Message & Readonly<Record<string, unknown>>) | undefined;
    if (told === undefined) return fail(id, SERVER_ERROR, `The server answered ${status}, and no JSON.`);
    if (told['jsonrpc'] !== '2.0') return fail(id, SERVER_ERROR, problemText(told, status));
    const result = told['result'];
    if (method === 'initialize' && isObject(result) && typeof result['protocolVersion'] === 'string')
      agreed = result['protocolVersion'];
    // An error that the server met before it had read which call it was about.
    write(told['id'] === null && id !== undefined ? { ...told, id } : told);
  }

  return { take, hangUp: () => streams.forEach((stream) => stream.abort()) };
}

/** What 2026-07-28 wants repeated in headers, so that proxies need not read bodies; or the version that was agreed on. */
function headersOf({ method, params }: Message, agreed: string | undefined): Readonly<Record<string, string>> {
  const meta = params?.['_meta'];
  const version = isObject(meta) ? meta[VERSION_KEY] : undefined;
  if (typeof version !== 'string' || method === undefined)
    return agreed === undefined ? {} : { 'mcp-protocol-version': agreed };
  const name = params?.['name'] ?? params?.['uri'];
  return {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': headerText(name) } : {}),
  };
}

/** Headers hold visible ASCII; anything else is wrapped as the protocol says. */
const headerText = (text: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?')
    ? text
    : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;

function parsed(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const problemText = (problem: Readonly<Record<string, unknown>>, status: number): string =>
  [problem['detail'], problem['hint']].filter((part) => typeof part === 'string').join(' ') ||
  `The server answered ${status}.`;

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? cause.code : error instanceof Error ? error.message : String(error);
};
