import { schedule, type TaskOptions } from 'node-cron';
import type { Clock, Logger } from '#application/ports.ts';

export type Scheduled = { readonly stop: () => Promise<void> };

/** Runs `work` by a cron expression (five fields, or six with seconds), never twice at once. A failure is logged; the next run comes. */
export function onCron(expression: string, name: string, work: () => Promise<unknown>, logger: Logger): Scheduled {
  let running: Promise<unknown> = Promise.resolve();
  const task = schedule(
    expression,
    async () => {
      running = work().catch((error: unknown) => logger.warn(`${name} failed.`, { error: String(error) }));
      await running;
    },
    { noOverlap: true, timezone: 'UTC', logger: quietly(logger) },
  );
  return {
    stop: async () => {
      await task.destroy();
      await running;
    },
  };
}

/** What node-cron has to say would go to the terminal as it is, between the lines of the log. */
function quietly(logger: Logger): NonNullable<TaskOptions['logger']> {
  const say = (said: string | Error): void => logger.debug(`The scheduler says: ${String(said)}`);
  return { info: say, warn: say, debug: say, error: (said) => logger.warn(`The scheduler says: ${String(said)}`) };
}

/** Runs `work` again and again with a pause between, at once for the first time. Long work ends early by the signal. */
export function again(
  every_ms: number,
  name: string,
  work: (stopping: AbortSignal) => Promise<unknown>,
  clock: Clock,
  logger: Logger,
): Scheduled {
  const stopping = new AbortController();
  const rounds = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await work(stopping.signal);
      } catch (error) {
        logger.warn(`${name} failed.`, { error: String(error) });
      }
      await clock.sleep(every_ms, stopping.signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await rounds;
    },
  };
}
