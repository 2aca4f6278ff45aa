import type { Hono } from 'hono';
import type { Build } from '#application/build.ts';
import type { Logger } from '#application/ports.ts';
import type { HttpEnv } from './env.ts';

export type Readiness = {
  readonly ready: boolean;
  /** It works, but something should be looked at; the checks say what. */
  readonly degraded?: boolean;
  /** How the engine runs, as `embedded` or `server`. */
  readonly mode: string;
  readonly checks: Readonly<Record<string, string>>;
};

/** /health says that the process answers, which version it is, and asks nobody; /ready says whether it can do its work. */
export function addProbes(
  app: Hono<HttpEnv>,
  { version, commit }: Build,
  readiness: () => Promise<Readiness>,
  logger: Logger,
): void {
  // Nobody needs a token to ask, so that many who ask at once must not become many questions to the database.
  let asking: Promise<Readiness> | undefined;
  const ask = (): Promise<Readiness> =>
    (asking ??= readiness()
      .catch((error: unknown): Readiness => {
        logger.warn('The readiness could not be found out.', { error: String(error) });
        return { ready: false, mode: 'unknown', checks: { readiness: 'could not be found out' } };
      })
      .finally(() => {
        asking = undefined;
      }));

  app.get('/health', (c) => c.json({ status: 'ok', version, commit }));
  app.get('/ready', async (c) => {
    const { ready, degraded = false, mode, checks } = await ask();
    if (!ready) c.header('retry-after', '2');
    const status = ready ? (degraded ? 'degraded' : 'ready') : 'not_ready';
    return c.json({ status, mode, checks }, ready ? 200 : 503);
  });
}
