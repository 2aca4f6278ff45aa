import { isRefusal, JourneyError, type Refusal } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journal, Submitted } from './journal.ts';
import type { Assignment, Clock, Logger, TaskOutcome } from './ports.ts';

/** Hands what tasks came to, and what follows by itself, to the journal. */
export type Results = {
  readonly submit: (clientId: string, command: Command) => Promise<Submitted | Refusal>;
  /** A result is not lost while the store is away: it is offered until it is recorded, or until this process stops. */
  readonly offer: (
    assignment: Assignment,
    outcome: TaskOutcome,
    owner?: number,
  ) => Promise<Submitted | Refusal | undefined>;
};

const OFFER_AGAIN_AFTER_MS = SECOND;

export function resultsOf(
  {
    journal,
    requestId,
    clock,
    logger,
  }: {
    readonly journal: () => Journal;
    readonly requestId: () => string;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  stopping: AbortSignal,
): Results {
  async function submit(clientId: string, command: Command): Promise<Submitted | Refusal> {
    const answer = await journal().submit({
      clientId,
      command,
      actor: 'system',
      door: 'agent',
      requestId: requestId(),
    });
    if (isRefusal(answer))
      logger.debug('A result came too late.', { client_id: clientId, command: command.type, why: answer.message });
    return answer;
  }

  return {
    submit,
    offer: async ({ clientId, workId, taskId, generation, attempt }, outcome, owner) => {
      const command: Command = {
        type: 'task_result',
        workId,
        taskId,
        fence: { generation, attempt },
        outcome,
        ...(owner === undefined ? {} : { owner }),
      };
      while (!stopping.aborted) {
        try {
          const answer = await submit(clientId, command);
          if (!isRefusal(answer) || answer.refused !== 'orchestrator.overloaded') return answer;
        } catch (error) {
          if (!isUnavailable(error)) return await submit(clientId, { ...command, outcome: unstorable(error) });
        }
        await clock.sleep(OFFER_AGAIN_AFTER_MS, stopping);
      }
      return undefined;
    },
  };
}

const isUnavailable = (error: unknown): boolean => error instanceof JourneyError && error.retryable;

/** The store refused the result itself, as it does NUL characters: the agent would only send it again. */
const unstorable = (error: unknown): TaskOutcome => ({
  type: 'failed',
  code: 'task.output_invalid',
  message: `The output cannot be stored: ${error instanceof Error ? error.message : String(error)}`,
  retryable: false,
});
