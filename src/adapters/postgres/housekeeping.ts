import type { Clock, Logger } from '#application/ports.ts';
import { MINUTE } from '#core/time.ts';

import type { Database } from './database.ts';

export type Housekeeping = {
  /** Cleans up now, as the timer does. */
  readonly run: () => Promise<void>;
  /** Resolves when nothing is under way any more. */
  readonly stop: () => Promise<void>;
};

const EVERY_ms = 5 * MINUTE;

const USER_TABLES = `
  select quote_ident(schemaname) || '.' || quote_ident(tablename) as name
  from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`;

/**
 * What a server does by itself and PGlite does not: dead rows are removed, statistics kept, the write-ahead log cut.
 * A failure is logged and tried again at the next round.
 */
export function keepHouse(
  database: Database,
  clock: Pick<Clock, 'sleep'>,
  logger: Pick<Logger, 'warn'>,
  every_ms: number = EVERY_ms,
): Housekeeping {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  const run = (): Promise<void> => {
    if (stopping.signal.aborted) return Promise.resolve();
    running ??= cleanUp(database, stopping.signal)
      .catch((error: unknown) =>
        logger.warn('The embedded database could not be cleaned up.', { error: String(error) }),
      )
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const keepRunning = async (): Promise<void> => {
    await clock.sleep(every_ms, stopping.signal);
    if (stopping.signal.aborted) return;
    await run();
    return keepRunning();
  };
  // A server has autovacuum and a checkpointer of its own.
  const rounds = database.kind === 'embedded' ? keepRunning() : Promise.resolve();
  return {
    run,
    stop: async () => {
      stopping.abort();
      await rounds;
      await running;
    },
  };
}

async function cleanUp(database: Database, stopping: AbortSignal): Promise<void> {
  const tables = await database.query<{ name: string }>(USER_TABLES);
  // Table by table: each vacuum blocks the process until it is done, and others get their turn in between.
  for (const { name } of tables) {
    if (stopping.aborted) return;
    // oxlint-disable-next-line no-await-in-loop
    await database.query(`vacuum (analyze) ${name}`);
  }
  if (!stopping.aborted) await database.query('checkpoint');
}
