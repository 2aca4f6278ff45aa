import type { Question } from '#core/work/unit.ts';
import type { WaitingRoom } from './dispatcher.ts';
import type { AgentGateway, Assignment, Logger, RemoteTask } from './ports.ts';
import type { WaitingTask } from './remote-work.ts';
import type { Results } from './results.ts';

/** Agents may say anything at any length. */
const LONGEST_TEXT = 500;

export type QuestionReach = {
  readonly gateway: Pick<AgentGateway, 'answer'>;
  readonly room: Pick<WaitingRoom, 'answerTo'>;
  readonly submit: Results['submit'];
  readonly logger: Logger;
};

/** What an agent asks for while it has a task: put on record, and answered once somebody has given an answer. */
export type Questions = {
  /** Whether an answer was handed over just now, so that the agent may be at work again soon. */
  readonly heed: (
    remote: Exclude<RemoteTask, { state: 'ended' }>,
    assignment: Assignment,
    signal: AbortSignal,
  ) => Promise<boolean>;
};

export function questionsOf({ gateway, room, submit, logger }: QuestionReach, task: WaitingTask): Questions {
  /** The agent's question that is on record, and under which id: another one, once it has refused an answer to it. */
  let asked = task.question?.id ?? null;
  let onRecord = asked;
  /** The one whose answer the agent has got from this process. */
  let answered: string | null = null;
  const of = {
    workId: task.workId,
    taskId: task.taskId,
    fence: { generation: task.generation, attempt: task.attempt },
  };
  const report = async (question: Question): Promise<void> => {
    await submit(task.clientId, { type: 'interrupt_task', ...of, question });
    onRecord = question.id;
  };

  async function handAnswer(question: Question, remoteTaskId: string, assignment: Assignment, signal: AbortSignal) {
    const questionId = onRecord ?? question.id;
    const answer = answered === questionId ? null : await room.answerTo(task, questionId);
    if (answer === null) return false;
    const said = await gateway.answer(assignment, remoteTaskId, { questionId, answer }, signal);
    const problem = said.state === 'ended' && said.outcome.type === 'failed' ? said.outcome : undefined;
    // What did not arrive is handed over again.
    if (problem?.code === 'agent.unreachable') return false;
    answered = questionId;
    if (problem) await askAnew(question, questionId, problem.message);
    return true;
  }

  /** The agent has not taken the answer: people are asked again, and told why. */
  async function askAnew(question: Question, refusedId: string, why: string): Promise<void> {
    logger.warn('An agent did not take the answer that it had asked for.', {
      client_id: task.clientId,
      work_id: task.workId,
      task_id: task.taskId,
      problem: why,
    });
    const text = `${question.text} (An answer was not taken: ${why})`.slice(0, LONGEST_TEXT);
    await report({ ...question, id: `${refusedId}:refused`, text });
  }

  return {
    heed: async (remote, assignment, signal) => {
      if (remote.state === 'working') {
        if (asked !== null) await submit(task.clientId, { type: 'continue_task', ...of });
        asked = null;
        return false;
      }
      const { question, remoteTaskId } = remote;
      if (question.id !== asked) await report(question);
      asked = question.id;
      return question.needs === 'input' && (await handAnswer(question, remoteTaskId, assignment, signal));
    },
  };
}
