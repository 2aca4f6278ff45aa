import type { MiddlewareHandler } from 'hono';
import type { Entrance } from './entrance.ts';
import type { HttpEnv } from './env.ts';
import { answerRefusal } from './problem.ts';

/** For another door on the same server: lets nobody by without a token, and says who comes. */
export const guard =
  ({ identify }: Pick<Entrance, 'identify'>): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const principal = await identify(c, 'mcp');
    return principal.ok ? next() : answerRefusal(c, principal.refusal);
  };
