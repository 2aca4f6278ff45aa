import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyText } from 'node:stream/consumers';
import { acceptSocket, type Socket } from './socket-double.ts';
import { neededScopes } from '#bot/check.ts';

export type Fields = { readonly [name: string]: unknown };

/** A message as it stands in a channel, or as one person alone sees it. */
export type Standing = {
  readonly channel: string;
  readonly ts: string;
  readonly thread_ts?: string;
  readonly text: string;
  readonly blocks: readonly Fields[];
  readonly metadata?: { readonly event_type: string; readonly event_payload: Fields };
  readonly edits: number;
};

export type Call = { readonly method: string; readonly body: Fields; readonly authorization: string | undefined };

/** What a call meets instead of Slack's usual answer; `then` is done all the same where it says so. */
export type Mishap =
  | {
      readonly is: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly done?: boolean;
    }
  | { readonly is: 'error'; readonly error: string }
  /** The connection is cut; `done`: after what was asked has been done. */
  | { readonly is: 'cut'; readonly done: boolean };

export type User = {
  readonly team_id: string;
  readonly is_bot?: boolean;
  readonly deleted?: boolean;
  readonly is_restricted?: boolean;
};

export type SlackDouble = AsyncDisposable & {
  readonly apiUrl: string;
  readonly responseUrl: (name: string) => string;
  readonly calls: readonly Call[];
  readonly callsOf: (method: string) => readonly Call[];
  readonly standing: (channel?: string) => readonly Standing[];
  /** What was said at a response URL, or to one person in a channel. */
  readonly said: readonly Fields[];
  readonly views: ReadonlyMap<string, Fields>;
  readonly homes: ReadonlyMap<string, Fields>;
  /** Connections of Socket Mode. */
  readonly sockets: readonly Socket[];
  readonly users: Map<string, User>;
  readonly groups: Map<string, readonly string[]>;
  /** The next calls of the method meet these, one after the other. */
  readonly mishaps: (method: string, ...next: readonly Mishap[]) => void;
  /** What was to meet the method and has not yet does no more. */
  readonly forgive: (method: string) => void;
  readonly close: () => Promise<void>;
};

export const TEAM = 'T0OWN';
export const CHANNEL = 'C0JOURNEYS';

/**
 * Slack's Web API as far as the product uses it: it keeps what is posted, and writes its log before it answers, so that
 * what a lost answer has done can be told.
 */
export async function startSlackDouble(logFile?: string): Promise<SlackDouble> {
  const calls: Call[] = [];
  const messages: Standing[] = [];
  const said: Fields[] = [];
  const views = new Map<string, Fields>();
  const homes = new Map<string, Fields>();
  const users = new Map<string, User>();
  const groups = new Map<string, readonly string[]>();
  const waiting = new Map<string, Mishap[]>();
  let serial = 0;

  const log = (entry: Fields): void => {
    if (logFile !== undefined) appendFileSync(logFile, `${JSON.stringify(entry)}\n`, { flush: true });
  };
  const nextTs = (): string => `17000000${String((serial += 1)).padStart(2, '0')}.000100`;
  const find = ({ channel, ts }: Fields): number =>
    messages.findIndex((one) => one.channel === channel && one.ts === ts);

  const methods: { readonly [method: string]: (body: Fields) => Fields } = {
    'auth.test': () => ({ team: 'Own', team_id: TEAM, user: 'journey', user_id: 'U0BOT', bot_id: 'B0BOT' }),
    'apps.connections.open': () => ({ url: `ws://127.0.0.1:${port()}/socket` }),
    'users.info': ({ user }) => {
      const known = users.get(String(user));
      return known ? { user: { id: user, ...known } } : { ok: false, error: 'user_not_found' };
    },
    'usergroups.list': () => ({ usergroups: [...groups].map(([id, members]) => ({ id, users: members })) }),
    'conversations.info': ({ channel }) =>
      channel === CHANNEL
        ? { channel: { id: channel, name: 'journeys', is_member: true } }
        : { ok: false, error: 'channel_not_found' },
    'conversations.open': ({ users: user }) => ({ channel: { id: `D${String(user).slice(1)}` } }),
    'conversations.history': ({ channel }) => ({
      messages: messages.filter((one) => one.channel === channel && one.thread_ts === undefined).toReversed(),
    }),
    'conversations.replies': ({ channel, ts }) => ({
      messages: messages.filter((one) => one.channel === channel && (one.ts === ts || one.thread_ts === ts)),
    }),
    'chat.postMessage': (body) => {
      const ts = nextTs();
      const { channel, text, blocks, thread_ts, metadata } = body as unknown as Standing;
      messages.push({
        channel,
        ts,
        text,
        blocks,
        edits: 0,
        ...(thread_ts === undefined ? {} : { thread_ts }),
        ...(metadata === undefined ? {} : { metadata }),
      });
      return { channel, ts };
    },
    'chat.update': (body) => {
      const at = find(body);
      const before = messages[at];
      if (!before) return { ok: false, error: 'message_not_found' };
      const { text, blocks } = body as unknown as Standing;
      messages[at] = { ...before, text, blocks, edits: before.edits + 1 };
      return { channel: before.channel, ts: before.ts };
    },
    'chat.postEphemeral': (body) => {
      said.push(body);
      return { message_ts: nextTs() };
    },
    'views.open': (body) => {
      const id = `V${(serial += 1)}`;
      views.set(id, body['view'] as Fields);
      return { view: { id } };
    },
    'views.update': (body) => {
      views.set(String(body['view_id']), body['view'] as Fields);
      return { view: { id: body['view_id'] } };
    },
    'views.publish': (body) => {
      homes.set(String(body['user_id']), body['view'] as Fields);
      return {};
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyText(request);
    const path = request.url ?? '';
    if (path.startsWith('/respond/')) {
      const body = JSON.parse(raw) as Fields;
      log({ respond: path, body });
      said.push({ ...body, url: path });
      response.end('ok');
      return;
    }
    const method = path.replace('/api/', '');
    const body = formBody(raw, request.headers['content-type'] ?? '');
    const mishap = waiting.get(method)?.shift();
    calls.push({ method, body, authorization: request.headers.authorization });
    const isDone = mishap === undefined || ('done' in mishap && mishap.done);
    const result = isDone ? (methods[method]?.(body) ?? { ok: false, error: 'unknown_method' }) : {};
    log({ method, body, mishap: mishap ?? null, result });
    if (mishap?.is === 'cut') return void request.socket.destroy();
    if (mishap?.is === 'status') {
      response.writeHead(mishap.status, mishap.headers ?? {});
      response.end('{}');
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-oauth-scopes', Object.keys(neededScopes).join(','));
    response.end(JSON.stringify(mishap?.is === 'error' ? { ok: false, error: mishap.error } : { ok: true, ...result }));
  }

  const server: Server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 599;
      response.end(String(error));
    });
  });
  const sockets: Socket[] = [];
  server.on('upgrade', (request, wire) => {
    const socket = acceptSocket(request, wire);
    sockets.push(socket);
    socket.send({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A0APP' } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (): number => (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    apiUrl: `http://127.0.0.1:${port()}/api/`,
    responseUrl: (name) => `http://127.0.0.1:${port()}/respond/${name}`,
    calls,
    callsOf: (method) => calls.filter((call) => call.method === method),
    standing: (channel) => messages.filter((one) => channel === undefined || one.channel === channel),
    said,
    views,
    homes,
    sockets,
    users,
    groups,
    mishaps: (method, ...next) => waiting.set(method, [...(waiting.get(method) ?? []), ...next]),
    forgive: (method) => void waiting.delete(method),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Slack's client sends a form whose structured fields are JSON. */
function formBody(raw: string, type: string): Fields {
  if (type.startsWith('application/json')) return JSON.parse(raw) as Fields;
  return Object.fromEntries(
    [...new URLSearchParams(raw)].map(([name, value]) => [
      name,
      /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value,
    ]),
  );
}
