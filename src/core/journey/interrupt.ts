import { refuse, type Refusal } from '../errors.ts';
import { progressOf, type TaskProgress } from '../work/unit.ts';
import type { AnswerTask, ContinueTask, InterruptTask } from './commands.ts';
import { record, type Draft } from './draft.ts';
import { superseded, taskNamed } from './work.ts';

/** An agent goes on only when somebody gives it something: the task waits, and people are told. Once for each question. */
export function interruptTask(draft: Draft, { workId, taskId, fence, question }: InterruptTask): Refusal | undefined {
  const progress = atAgent(draft, workId, taskId);
  if (progress?.generation !== fence.generation || progress.attempt !== fence.attempt)
    return superseded(workId, taskId, fence);
  if (progress.question?.id !== question.id)
    record(draft, { type: 'task_interrupted', work_id: workId, task_id: taskId, ...fence, question });
  return undefined;
}

/** The agent has got what it waited for. */
export function continueTask(draft: Draft, { workId, taskId, fence }: ContinueTask): Refusal | undefined {
  const progress = atAgent(draft, workId, taskId);
  if (progress?.generation !== fence.generation || progress.attempt !== fence.attempt)
    return superseded(workId, taskId, fence);
  if (progress.question) record(draft, { type: 'task_continued', work_id: workId, task_id: taskId, ...fence });
  return undefined;
}

/** What an agent asked for is given to it: whoever follows the task hands it over. */
export function answerTask(draft: Draft, { workId, taskId, answer }: AnswerTask): Refusal | undefined {
  const { task } = taskNamed(draft, workId, taskId);
  if (!task)
    return refuse(
      'work.unknown',
      `${workId} has no task ${taskId} in the present stage.`,
      'uow-status lists the units of work and their tasks.',
    );
  const progress = atAgent(draft, workId, taskId);
  if (progress?.question?.needs !== 'input') return nothingAsked(taskId, progress);
  if (progress.answer)
    return refuse(
      'task.answered',
      `The question of ${taskId} has been answered: ${progress.question.text}`,
      'Its agent is being given the answer; a further question would be shown.',
    );
  const { generation, attempt, question } = progress;
  const of = { work_id: workId, task_id: taskId, generation, attempt };
  record(draft, { type: 'task_answered', ...of, question_id: question.id, answer });
  return undefined;
}

function nothingAsked(taskId: string, progress: TaskProgress | undefined): Refusal {
  return progress?.question
    ? refuse(
        'task.not_asked',
        `The agent of ${taskId} waits for an authorization, not for an answer: ${progress.question.text}`,
        'Authorize it where the agent says; the task goes on by itself.',
      )
    : refuse('task.not_asked', `No agent asks for anything in ${taskId}.`, 'why shows what the journey waits for.');
}

function atAgent(draft: Draft, workId: string, taskId: string): TaskProgress | undefined {
  const { unit, task } = taskNamed(draft, workId, taskId);
  const progress = unit && task && progressOf(unit, taskId);
  return progress?.status === 'running' && progress.via === 'a2a' ? progress : undefined;
}
