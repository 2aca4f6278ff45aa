import type { Instant } from '#core/time.ts';
import type { Uncollected } from './collector.ts';

/** A stage that clients are in, under the configuration that they have pinned. */
export type OccupiedStage = { readonly configHash: string; readonly stage: string };

/** What a collector brings for whoever is in a stage. */
export type Need = OccupiedStage & { readonly kind: string };

export type ClaimedCollection = {
  readonly clientId: string;
  readonly kind: string;
  /** Attempts in a row that failed. */
  readonly failures: number;
};

export type CollectionClaim = {
  readonly collector: string;
  readonly needs: readonly Need[];
  /** Machine time. */
  readonly now: Instant;
  /** A claim that nobody settles is due again then. */
  readonly until: Instant;
  readonly limit: number;
};

/** What became of a claimed collection. Machine time. */
export type SettledCollection = {
  readonly clientId: string;
  readonly kind: string;
  readonly dueAt: Instant;
  readonly failures: number;
  readonly problem: string | null;
};

/** Which evidence has been brought when, and when it is due again: one row for each client, collector and kind. */
export type CollectionStore = {
  readonly occupied: () => Promise<readonly OccupiedStage[]>;
  /** Takes what is due for active journeys, the longest due first; each once, whoever else claims at the same time. */
  readonly claim: (claim: CollectionClaim) => Promise<readonly ClaimedCollection[]>;
  /** Only what is still claimed until then: whoever has claimed it since knows better. */
  readonly settle: (
    collector: string,
    settled: readonly SettledCollection[],
    claimedUntil: Instant,
    now: Instant,
  ) => Promise<void>;
  /** Of the client's present stage entry. */
  readonly uncollected: (clientId: string) => Promise<readonly Uncollected[]>;
};
