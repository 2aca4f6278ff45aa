import type { Context, MiddlewareHandler, Next } from 'hono';
import { routePath } from 'hono/route';
import type { Ids, Logger } from '#application/ports.ts';
import { traceIdOf, type Tracer } from '#application/tracer.ts';
import type { HttpEnv } from './env.ts';
import { requestIdFor } from './request-id.ts';

export type ObserveOptions = {
  readonly ids: Pick<Ids, 'random'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
};

/** Defaults for every answer; a door that serves pages sets its own policy. */
const SECURITY_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
] as const;

const PROBES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/** Around everything: names the request, closes the answer up, and writes one line without anything a caller typed. */
export function observe({ ids, logger, now, tracer = null }: ObserveOptions): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    if (!tracer || PROBES.has(c.req.path)) return answered(c, next, ids);
    const of = { name: `http ${c.req.method}`, kind: 'server', attributes: {} } as const;
    // The caller's trace goes on here, and where it leads is recorded as the request id.
    return tracer.span({ ...of, parent: c.req.header('traceparent') ?? null }, async ({ traceparent, fail }) => {
      await answered(c, next, { random: () => traceparent });
      if (c.res.status >= 500) fail(`HTTP ${c.res.status}`);
    });
  };

  async function answered(c: Context<HttpEnv>, next: Next, unique: Pick<Ids, 'random'>): Promise<void> {
    const started = now();
    const requestId = requestIdFor(c.req.header('x-request-id'), unique);
    c.set('requestId', requestId);
    await next();
    const { headers, status } = c.res;
    headers.set('x-request-id', requestId);
    for (const [name, value] of SECURITY_HEADERS) if (!headers.has(name)) headers.set(name, value);
    const pattern = routePath(c, -1);
    const route = pattern === '/*' ? 'unmatched' : pattern;
    const problem = c.get('problem');
    // Probes come every few seconds and say nothing while all is well.
    const level = PROBES.has(route) && status < 400 ? 'debug' : 'info';
    logger[level]('Answered a request.', {
      method: c.req.method,
      route,
      status,
      ms: Math.round((now() - started) * 10) / 10,
      request_id: requestId,
      trace_id: traceIdOf(requestId),
      principal: c.get('principal')?.id ?? null,
      ...(problem === undefined ? {} : { code: problem }),
    });
  }
}
