import { z } from 'zod';
import { clientOfTaskId, TaskId, text } from '../fields.ts';
import { EndedView, endClaimed } from '../task-ending.ts';
import { defineUseCase } from '../use-case.ts';

export const failTask = defineUseCase({
  name: 'task.fail',
  summary:
    'Say that a claimed task cannot be done: it is tried again by its retry policy, unless that would be in vain.',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: { route: 'POST /api/v1/tasks/:task_id/fail' },
    cli: {
      verb: 'task fail',
      examples: [
        'task fail --task-id="task-client-123:1:sandbox_setup:run_security_scan:1:1" --message="The scanner has no licence" --no-retryable',
      ],
    },
    mcp: { tool: 'fail_task', hide: ['idempotency_key'] },
    without: { slack: 'Tasks are for programs, which speak REST or MCP.' },
  },
  input: z.strictObject({
    task_id: TaskId,
    message: text(2_000).describe('Why, for people: it is shown wherever the task is.'),
    retryable: z.boolean().default(true).describe('false: another attempt would fail in the same way.'),
  }),
  output: EndedView,
  client: ({ task_id }) => clientOfTaskId(task_id),
  run: (dependencies, call, { task_id, message, retryable }) =>
    endClaimed(dependencies, call, task_id, { type: 'failed', code: 'task.failed', message, retryable }),
});
