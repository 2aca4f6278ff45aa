import { z } from 'zod';
import { clientOfWorkId, WorkId } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const retryTasks = defineUseCase({
  name: 'work.retry',
  summary: 'Start the failed tasks of a unit of work again with all their attempts; what has succeeded stays.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/work/:work_id/retry' },
    cli: { verb: 'retry-tasks', examples: ['retry-tasks --work-id="uow-client-123:1:sandbox_setup"'] },
    mcp: { tool: 'retry_tasks', guidance: 'list_work names the unit and why its tasks failed.' },
    slack: { word: 'retry-tasks', typed: ['work_id'], example: 'retry-tasks uow-acme:1:sandbox_setup' },
  },
  input: z.strictObject({ work_id: WorkId }),
  output: JourneyView,
  client: ({ work_id }) => clientOfWorkId(work_id),
  run: (dependencies, call, { work_id }) =>
    submitForView(dependencies, call, clientOfWorkId(work_id), { type: 'retry_tasks', workId: work_id }),
});
