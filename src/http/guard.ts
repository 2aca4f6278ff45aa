import type { MiddlewareHandler } from 'hono';
import type { Authenticate } from '#application/tokens.ts';
import { principalOf } from './authentication.ts';
import type { HttpEnv } from './env.ts';
import { answerRefusal } from './problem.ts';

/** For another door on the same server: lets nobody by without a token, and says who comes. */
export const guard =
  (authenticate: Authenticate): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const principal = await principalOf(c.req, authenticate);
    if (!principal.ok) return answerRefusal(c, principal.refusal);
    c.set('principal', principal.value);
    return next();
  };
