import type { Context } from 'hono';
import { refuse } from '#core/errors.ts';
import type { HttpEnv } from './env.ts';
import { answerRefusal } from './problem.ts';

type Handle = (c: Context<HttpEnv>) => Promise<Response>;

/** So many requests at a time: a large document takes many times its size while it is read. */
export function atMost(most: number, handle: Handle): Handle {
  let underWay = 0;
  return async (c) => {
    if (underWay >= most)
      return answerRefusal(
        c,
        refuse('orchestrator.overloaded', `${most} documents are being read already.`, 'Try again in a few seconds.'),
      );
    underWay += 1;
    try {
      return await handle(c);
    } finally {
      underWay -= 1;
    }
  };
}
