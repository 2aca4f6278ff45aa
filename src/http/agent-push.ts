import { Hono } from 'hono';
import { refuse } from '#core/errors.ts';
import { SECOND, type Instant } from '#core/time.ts';
import { rateLimit } from '#application/rate-limit.ts';
import type { HttpEnv } from './env.ts';
import { answerRefusal } from './problem.ts';

/** Where agents tell that something has happened to a task. */
export const pushPath = (attemptId: string): string => `/a2a/push/${encodeURIComponent(attemptId)}`;

export type AgentPushOptions = {
  /** Whether the token is the one that the agent was given for this attempt. */
  readonly fits: (attemptId: string, token: string) => boolean;
  /** False: there is no such task at an agent (any more). */
  readonly wake: (attemptId: string) => Promise<boolean>;
  readonly now: () => Instant;
};

/** How often one attempt may be pushed a second on average; it is polled once a second at most, whatever comes. */
const PUSHES_PER_SECOND = 2;

/**
 * The agents' push notifications. They say no more than that it is worth while to look: what they carry is not even read,
 * since the agent itself is asked how its task stands.
 */
export function agentPush({ fits, wake, now }: AgentPushOptions): Hono<HttpEnv> {
  const pushes = rateLimit(PUSHES_PER_SECOND, now);
  const app = new Hono<HttpEnv>();
  app.post('/a2a/push/:attempt', async (c) => {
    const attemptId = c.req.param('attempt');
    const token = c.req.header('x-a2a-notification-token') ?? '';
    if (token === '' || !fits(attemptId, token))
      return answerRefusal(
        c,
        refuse(
          'auth.invalid',
          'The X-A2A-Notification-Token is not the one that was given for this task.',
          'Send the token of the pushNotificationConfig that came with the message.',
        ),
      );
    const wait_ms = pushes.take(attemptId);
    if (wait_ms > 0) return c.body(null, 429, { 'retry-after': String(Math.ceil(wait_ms / SECOND)) });
    if (await wake(attemptId)) return c.body(null, 204);
    return answerRefusal(
      c,
      refuse('work.unknown', 'No agent is at this task (any more).', 'Nothing more needs to be told about it.'),
    );
  });
  return app;
}
