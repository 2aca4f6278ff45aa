import { z } from 'zod';
import { SECOND } from '#core/time.ts';
import { claimNext, mayWork } from '../claims.ts';
import { ClaimView, text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const claimTask = defineUseCase({
  name: 'task.claim',
  summary:
    'Take the next task of these intents to do it: it is yours until its lease runs out, and heartbeats renew that.',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: { route: 'POST /api/v1/tasks/claim' },
    cli: { verb: 'task claim', examples: ['task claim --intents=run_security_scan --wait-seconds=20'] },
    mcp: {
      tool: 'claim_task',
      guidance:
        'task null: nothing to do. Else do it, with heartbeat_task meanwhile, and then complete_task or fail_task.',
      hide: ['idempotency_key'],
    },
    without: { slack: 'Tasks are for programs, which speak REST or MCP.' },
  },
  input: z.strictObject({
    intents: z.array(text(255)).min(1, 'must name at least one intent').max(50).describe('What you can do.'),
    wait_seconds: z.coerce
      .number()
      .min(0)
      .max(20)
      .default(0)
      .describe('How long to wait for a task if there is none now.'),
    request_id: text(255)
      .optional()
      .describe(
        'Yours: the same one again gives the same task while its lease lasts. The Idempotency-Key unless said.',
      ),
  }),
  output: z.object({ task: ClaimView.nullable().describe('null: there is nothing to do now.') }),
  run: async (dependencies, call, { intents, wait_seconds, request_id }) =>
    mayWork(call, intents) ?? {
      task: await claimNext(dependencies, call, {
        intents,
        request: request_id ?? call.idempotency?.key ?? null,
        wait_ms: wait_seconds * SECOND,
      }),
    },
});
