import { z } from 'zod';
import { attemptNamed } from '#core/work/unit.ts';
import { mayWork } from '../claims.ts';
import { clientOfTaskId, iso, TaskId, text } from '../fields.ts';
import { supersededAttempt, wasCancelled } from '../lost-attempt.ts';
import { defineUseCase } from '../use-case.ts';

export const heartbeatTask = defineUseCase({
  name: 'task.heartbeat',
  summary:
    'Say that a claimed task is still being done: that renews its lease, up to its deadline, and tells whether to stop.',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: { route: 'POST /api/v1/tasks/:task_id/heartbeat' },
    cli: {
      verb: 'task heartbeat',
      examples: ['task heartbeat --task-id="task-client-123:1:sandbox_setup:run_security_scan:1:1" --percent=40'],
    },
    mcp: {
      tool: 'heartbeat_task',
      guidance: 'cancelled true: stop, and claim_task another.',
      hide: ['idempotency_key'],
    },
    without: { slack: 'Tasks are for programs, which speak REST or MCP.' },
  },
  input: z.strictObject({
    task_id: TaskId,
    message: text(500).optional().describe('What is being done now; it is kept in the task log.'),
    percent: z.coerce.number().min(0).max(100).optional().describe('How much of it is done.'),
  }),
  output: z.object({
    task_id: z.string(),
    cancelled: z.boolean().describe('true: stop, nobody wants the result any more.'),
    lease_until: z.string().nullable(),
    deadline: z.string().nullable().describe('No heartbeat carries the task beyond it.'),
  }),
  client: ({ task_id }) => clientOfTaskId(task_id),
  run: async (dependencies, call, { task_id, message, percent }) => {
    const refusal = mayWork(call, []);
    if (refusal) return refusal;
    const { claims, clock, plans } = dependencies;
    const attempt = attemptNamed(task_id);
    const lease = await claims.beat({
      ...attempt,
      by: call.principal.id,
      leaseUntil: clock.machine() + plans.active().taskTimeout_ms,
      message: message ?? null,
      percent: percent ?? null,
      at: clock.journey(),
    });
    if (lease) return { task_id, cancelled: false, lease_until: iso(lease.leaseUntil), deadline: iso(lease.deadline) };
    return (await wasCancelled(dependencies, attempt))
      ? { task_id, cancelled: true, lease_until: null, deadline: null }
      : supersededAttempt(task_id);
  },
});
