import { z } from 'zod';
import { clientOfWorkId, Inputs, TaskName, WorkId } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const answerTask = defineUseCase({
  name: 'work.answer',
  summary: 'Answer what the agent of a running task asks for; it is handed to that very task, which then goes on.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/work/:work_id/answer' },
    cli: {
      verb: 'answer',
      examples: ['answer --work-id="uow-client-123:1:sandbox_setup" --task=install_connectors --answer region=eu'],
    },
    slack: {
      word: 'answer',
      typed: ['work_id', 'task', 'answer'],
      example: 'answer uow-acme:1:sandbox_setup install_connectors region=eu',
    },
    without: { mcp: 'What an agent asks for is for people to say.' },
  },
  input: z.strictObject({
    work_id: WorkId,
    task: TaskName,
    answer: Inputs.refine((answer) => Object.keys(answer).length > 0, 'must name at least one value'),
  }),
  output: JourneyView,
  client: ({ work_id }) => clientOfWorkId(work_id),
  run: (dependencies, call, { work_id, task, answer }) =>
    submitForView(dependencies, call, clientOfWorkId(work_id), {
      type: 'answer_task',
      workId: work_id,
      taskId: task,
      answer,
    }),
});
