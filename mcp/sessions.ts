import {
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
  type AuthInfo,
  type Server,
} from '@modelcontextprotocol/server';
import { HOUR, type Instant } from '#core/time.ts';

export type Sessions = {
  /** Answers a request of an old client; undefined: it is not one, or has no session and wants none. */
  readonly take: (request: Request, authInfo: AuthInfo) => Promise<Response | undefined>;
  readonly close: () => Promise<void>;
};

type Session = {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly principal: string;
  usedAt: Instant;
};

export type SessionsOptions = {
  readonly open: (ended: AbortSignal) => Server;
  readonly id: () => string;
  readonly now: () => Instant;
  readonly mostBytes: number;
};

const MOST_SESSIONS = 1_000;
const IDLE_MS = HOUR;

/**
 * Sessions of clients of 2025-11-25, in this process's memory: only in one can the server ask such a client something, or
 * tell it of changes. So they are kept where there is one process; several replicas answer each request by itself, and an
 * old client then has every tool but is asked for confirmation by a token.
 */
export function legacySessions({ open, id, now, mostBytes }: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>();

  async function begin(request: Request, authInfo: AuthInfo): Promise<Response> {
    await makeRoom();
    const ending = new AbortController();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: id,
      maxRequestBodySize: mostBytes,
      onsessioninitialized: (sessionId) => {
        sessions.set(sessionId, { transport, principal: authInfo.clientId, usedAt: now() });
      },
    });
    const server = open(ending.signal);
    await server.connect(transport);
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's server is no event target.
    server.onclose = () => {
      ending.abort();
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
    };
    const response = await transport.handleRequest(request, { authInfo });
    if (transport.sessionId === undefined) await server.close();
    return response;
  }

  /** The longest idle ones go first; their clients are told 404 and begin anew. */
  async function makeRoom(): Promise<void> {
    const byUse = [...sessions.values()].toSorted((one, other) => one.usedAt - other.usedAt);
    const tooMany = Math.max(0, byUse.length + 1 - MOST_SESSIONS);
    const over = byUse.filter(({ usedAt }, index) => index < tooMany || now() - usedAt > IDLE_MS);
    await Promise.all(over.map(({ transport }) => transport.close()));
  }

  return {
    take: async (request, authInfo) => {
      const given = request.headers.get('mcp-session-id');
      if (given !== null) {
        const session = sessions.get(given);
        // Another's session is as unknown as one that never was.
        if (session?.principal !== authInfo.clientId) return unknownSession();
        session.usedAt = now();
        return session.transport.handleRequest(request, { authInfo });
      }
      return request.method === 'POST' && (await initializes(request)) ? begin(request, authInfo) : undefined;
    },
    close: async () => {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
    },
  };
}

async function initializes(request: Request): Promise<boolean> {
  // The new protocol names its method here, and needs no session.
  if (request.headers.has('mcp-method')) return false;
  try {
    const body = (await request.clone().json()) as { readonly method?: unknown };
    return body.method === 'initialize' && (await isLegacyRequest(request, body));
  } catch {
    return false;
  }
}

const unknownSession = (): Response =>
  Response.json(
    { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'The session is not known here: initialize again.' } },
    { status: 404 },
  );
