import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { JourneyError } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { HttpEnv } from './env.ts';

export type ServeLimits = {
  /** For all headers of a request. */
  readonly headers_ms: number;
  /** For the whole of a request, its body included; not for its answer. */
  readonly request_ms: number;
  /** How often those two are looked after; node's own 30 seconds would let a slow sender live four times its limit. */
  readonly check_every_ms: number;
  /** Longer than load balancers keep theirs (60 seconds), so that it is never us who close what they are about to use. */
  readonly keep_alive_ms: number;
  readonly header_bytes: number;
};

export const defaultServeLimits: ServeLimits = {
  headers_ms: 10 * SECOND,
  request_ms: 30 * SECOND,
  check_every_ms: SECOND,
  keep_alive_ms: 65 * SECOND,
  header_bytes: 16_384,
};

export type ServeOptions = {
  readonly app: Pick<Hono<HttpEnv>, 'fetch'>;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly logger: Logger;
  /** Machine time: how close waits for what is under way. */
  readonly sleep: Clock['sleep'];
  readonly limits?: Partial<ServeLimits>;
};

export type HttpServer = {
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, lets what is under way finish for `grace_ms`, then cuts what is left. */
  readonly close: (grace_ms: number) => Promise<void>;
};

/** Listens; throws settings.invalid, naming host and port, when that cannot be had. */
export async function serve({ app, host, port, logger, sleep, limits }: ServeOptions): Promise<HttpServer> {
  const { headers_ms, request_ms, check_every_ms, keep_alive_ms, header_bytes } = { ...defaultServeLimits, ...limits };
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      headersTimeout: headers_ms,
      requestTimeout: request_ms,
      connectionsCheckingInterval: check_every_ms,
      keepAliveTimeout: keep_alive_ms,
      maxHeaderSize: header_bytes,
    },
  }) as Server;
  const drain = drainOf(server, logger, sleep);
  await listening(server, host, port);
  server.on('error', (error) => {
    logger.error('The HTTP server met an error.', { error: String(error) });
  });
  const { port: taken } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return { url: urlOf(host, taken), port: taken, close: (grace_ms) => (closing ??= drain(grace_ms)) };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(cannotListen(error, host, port));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): JourneyError {
  const at = `${host}:${port}`;
  const [why, hint] =
    error.code === 'EADDRINUSE'
      ? ['another process has it', 'Stop that process, or set JOURNEY_HTTP_PORT to a free port.']
      : error.code === 'EACCES'
        ? ['the process may not have it', 'Set JOURNEY_HTTP_PORT to a port above 1023.']
        : [error.code ?? error.message, 'Check JOURNEY_HTTP_HOST and JOURNEY_HTTP_PORT.'];
  return new JourneyError(
    'settings.invalid',
    `Nothing can listen on ${at}: ${why}.`,
    hint,
    { host, port },
    { cause: error },
  );
}

function drainOf(server: Server, logger: Logger, sleep: Clock['sleep']): (grace_ms: number) => Promise<void> {
  const underWay = new Set<ServerResponse>();
  let draining = false;
  // Ahead of the app's own listener, so that an answer which is given at once is seen too.
  server.prependListener('request', (_request, response: ServerResponse) => {
    underWay.add(response);
    if (draining) response.shouldKeepAlive = false;
    response.once('close', () => {
      underWay.delete(response);
      // An answer whose headers had gone out before kept its connection alive: nothing else would end that one.
      if (draining) server.closeIdleConnections();
    });
  });

  return async (grace_ms) => {
    draining = true;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const response of underWay) if (!response.headersSent) response.shouldKeepAlive = false;
    const inTime = new AbortController();
    await Promise.race([closed, sleep(grace_ms, inTime.signal)]);
    inTime.abort();
    if (underWay.size > 0)
      logger.warn('Requests were cut, since they did not finish in time.', { requests: underWay.size, grace_ms });
    server.closeAllConnections();
    await closed;
  };
}

/** Where a browser on this machine finds it: a wildcard is no address to go to. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
