import { Hono, type Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Execute } from '#application/execute.ts';
import type { Ids, Logger } from '#application/ports.ts';
import type { Tracer } from '#application/tracer.ts';
import type { AnyUseCase } from '#application/use-case.ts';
import { atMost } from './at-most.ts';
import type { Entrance } from './entrance.ts';
import type { HttpEnv } from './env.ts';
import { idempotencyKey, inputOf } from './input.ts';
import { defaultHttpLimits, type HttpLimits } from './limits.ts';
import { observe } from './observe.ts';
import { openApi } from './openapi.ts';
import { addProbes, type Readiness } from './probes.ts';
import { answerProblem, answerRefusal, answerThrown } from './problem.ts';
import { routesOf, type Route } from './routes.ts';
import { answerUnknown } from './unknown-route.ts';

/** The exposition that Prometheus scrapes: it names no client, and needs no token. */
export type Metrics = () => Promise<{ readonly contentType: string; readonly text: string }>;

export type HttpOptions = {
  readonly execute: Execute;
  readonly entrance: Pick<Entrance, 'admit'>;
  readonly catalogue: readonly AnyUseCase[];
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: Metrics;
  readonly ids: Pick<Ids, 'random'>;
  readonly logger: Logger;
  /** Milliseconds from any start, for the access log. */
  readonly now: () => number;
  readonly version: string;
  readonly commit?: string | null;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
  readonly limits?: Partial<HttpLimits>;
};

/**
 * The REST door: the catalogue as routes, beside probes and the description of itself. Whatever else is served on the
 * same port is mounted on the app that it returns, and shares its request ids, headers, access log and 404s.
 */
export function httpApp(options: HttpOptions): Hono<HttpEnv> {
  const { catalogue, readiness, metrics, logger, version, commit = null } = options;
  const limits = { ...defaultHttpLimits, ...options.limits };
  const routes = routesOf(catalogue);
  const app = new Hono<HttpEnv>();

  app.use('*', observe(options));
  addProbes(app, { version, commit }, readiness, logger);
  app.get('/metrics', async (c) => {
    const { text, contentType } = await metrics();
    return c.body(text, 200, { 'content-type': contentType });
  });
  let description: string | undefined;
  app.get('/openapi.json', (c) => {
    description ??= JSON.stringify(openApi(routes, version));
    return c.body(description, 200, { 'content-type': 'application/json' });
  });
  for (const route of routes) {
    const handle = (c: Context<HttpEnv>) => answer(c, route, options, limits);
    app.on(route.method, route.path, route.surface.document ? atMost(limits.documents, handle) : handle);
  }
  app.notFound((c) => answerUnknown(c, app));
  app.onError((error, c) => answerThrown(c, error, logger));
  return app;
}

async function answer(
  c: Context<HttpEnv>,
  route: Route,
  { execute, entrance }: HttpOptions,
  limits: HttpLimits,
): Promise<Response> {
  // First of all, so that strangers cannot make us read and parse bodies.
  const principal = await entrance.admit(c);
  if (!principal.ok) return answerRefusal(c, principal.refusal);
  const key = idempotencyKey(c.req, route);
  if (!key.ok) return answerRefusal(c, key.refusal);
  const input = await inputOf(c.req, route, limits);
  if (!input.ok) return answerRefusal(c, input.refusal);
  const answered = await execute(
    route.useCase,
    {
      principal: principal.value,
      // The command line says who it is, so that the history can tell it from a program; it grants nothing.
      door: c.req.header('user-agent')?.startsWith('journey-cli/') === true ? 'cli' : 'rest',
      requestId: c.get('requestId'),
      signal: c.req.raw.signal,
      ...(key.value === undefined ? {} : { idempotencyKey: key.value }),
    },
    input.value,
  );
  return answered.ok ? answerOutput(c, route, answered.output) : answerProblem(c, answered.problem);
}

function answerOutput(c: Context<HttpEnv>, { surface }: Route, output: unknown): Response {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const version = typeof output === 'object' && output !== null && 'version' in output ? output.version : undefined;
  if (typeof version === 'number') headers['etag'] = `"${version}"`;
  if (surface.location) headers['location'] = surface.location(output as never);
  return c.body(JSON.stringify(output), (surface.status ?? 200) satisfies ContentfulStatusCode, headers);
}
