import { z } from 'zod';
import { clientOfTaskId, JsonValue, TaskId } from '../fields.ts';
import { EndedView, endClaimed } from '../task-ending.ts';
import { defineUseCase } from '../use-case.ts';

export const completeTask = defineUseCase({
  name: 'task.complete',
  summary:
    'Hand in the output of a claimed task. One that breaks the schema is refused by path, and the lease is kept.',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: { route: 'POST /api/v1/tasks/:task_id/complete' },
    cli: {
      verb: 'task complete',
      examples: [
        `task complete --task-id="task-client-123:1:sandbox_setup:run_security_scan:1:1" --output='{"scan_result":"pass","vulnerabilities":[]}'`,
      ],
    },
    mcp: {
      tool: 'complete_task',
      guidance: 'After a refusal for the schema correct the output and call again.',
      hide: ['idempotency_key'],
    },
    without: { slack: 'Tasks are for programs, which speak REST or MCP.' },
  },
  input: z.strictObject({
    task_id: TaskId,
    output: JsonValue.describe('An object with every field that the output schema declares.'),
  }),
  output: EndedView,
  client: ({ task_id }) => clientOfTaskId(task_id),
  run: (dependencies, call, { task_id, output }) =>
    endClaimed(dependencies, call, task_id, { type: 'succeeded', output }),
});
