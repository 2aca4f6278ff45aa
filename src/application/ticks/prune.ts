import type { Instant } from '#core/time.ts';
import type { Clock, Logger } from '../ports.ts';

/** What is kept for a time only. Nothing of it is needed to decide about a journey. */
export const prunables = ['evidenceHistory', 'completedJourneys', 'deliveries', 'idempotencyKeys'] as const;
export type Prunable = (typeof prunables)[number];

/** How long each is kept; null: for good. */
export type Retention = { readonly [what in Prunable as `${what}_ms`]: number | null };

export type RetentionStore = {
  /**
   * Deletes at most `limit` rows (of journeys: the events of at most so many) from before that time, in a transaction of
   * its own; answers how many. Null: another replica is at it.
   */
  readonly prune: (what: Prunable, before: Instant, limit: number) => Promise<number | null>;
};

export type PruneDependencies = {
  readonly store: RetentionStore;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info'>;
};

const BATCH = 500;
/** Whatever is left then waits for the next tick. */
const MOST_BATCHES = 200;
/** Between two batches others get at the database. */
const PAUSE_MS = 20;

/** Deletes what has been kept long enough, in batches that are small enough to be in nobody's way. */
export async function prune(
  { store, retention, clock, logger }: PruneDependencies,
  stopping: AbortSignal,
): Promise<void> {
  for (const what of prunables) {
    const keep_ms = retention[`${what}_ms`];
    if (keep_ms === null) continue;
    let pruned = 0;
    for (let batch = 0; batch < MOST_BATCHES && !stopping.aborted; batch += 1) {
      const gone = await store.prune(what, clock.journey() - keep_ms, BATCH);
      if (gone === null) return;
      pruned += gone;
      if (gone < BATCH) break;
      await clock.sleep(PAUSE_MS, stopping);
    }
    if (pruned > 0) logger.info('What was kept long enough has been pruned.', { what, pruned });
  }
}
