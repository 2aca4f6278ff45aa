import type { AgentSource } from './agent-sources.ts';
import type { Instant } from '#core/time.ts';
import type { Alert } from './alerts.ts';
import type { Recording } from './ports.ts';
import type { Door } from './use-case.ts';

/** Counts what the product does. Every call is cheap, keeps no promise waiting, and throws nothing. */
export type Meter = {
  /** What has just become fact, and when (journey time). */
  readonly recorded: (recordings: readonly Recording[], now: Instant) => void;
  readonly flushed: (flush: Flush) => void;
  readonly answered: (call: Answered) => void;
  readonly alerted: (alert: Alert) => void;
  /** A call of a collector. */
  readonly asked: (call: Asked) => void;
  /** What came of one client's evidence of a kind. */
  readonly collected: (collection: CollectionResult) => void;
};

export type Asked = {
  readonly collector: string;
  /** `nothing`: broken off by our own stop. */
  readonly outcome: 'answered' | 'failed' | 'nothing';
  readonly took_ms: number;
};

export type CollectionResult = {
  readonly collector: string;
  readonly kind: string;
  /** `unknown`: it was asked, and the answer does not say, or not all. */
  readonly outcome: 'observed' | 'unknown' | 'failed';
};

export type Flush = {
  readonly commands: number;
  /** Clients whose journeys somebody else had moved: decided again. */
  readonly conflicts: number;
  readonly took_ms: number;
};

export type Answered = {
  readonly useCase: string;
  readonly door: Door;
  /** `failed`: something went wrong here. */
  readonly outcome: 'ok' | 'refused' | 'failed';
  readonly took_ms: number;
};

/** Where nobody counts. */
export const noMeter: Meter = {
  recorded: () => undefined,
  flushed: () => undefined,
  answered: () => undefined,
  alerted: () => undefined,
  asked: () => undefined,
  collected: () => undefined,
};

/** What only the store knows, for all replicas together. */
export type Figures = {
  readonly journeys: readonly {
    readonly stage: string;
    readonly status: string;
    readonly count: number;
    readonly oldest_started_at: Instant;
  }[];
  /** Of the verdicts of the last day: the share that holds. */
  readonly passRates: readonly { readonly stage: string; readonly rate: number }[];
  readonly messages: readonly {
    readonly destination: string;
    readonly state: string;
    readonly count: number;
    readonly oldest_at: Instant;
  }[];
  /** When the most overdue journey should have been looked at; null: nothing is scheduled. */
  readonly dueSince: Instant | null;
  readonly openApprovals: number;
  /** Of active journeys. Machine time. */
  readonly collections: readonly {
    readonly collector: string;
    readonly kind: string;
    /** How many could not be brought when they were last asked for. */
    readonly missing: number;
    /** When the most overdue one should have been. */
    readonly due_since: Instant;
  }[];
  /** Where this process looks for agents; the rest is what the store says. */
  readonly agentSources: readonly Pick<AgentSource, 'state'>[];
  /** Null: there is no event store. */
  readonly eventStore: {
    /** Events that are not copied yet, but for those of streams that have stopped. */
    readonly behind: number;
    readonly oldest_at: Instant | null;
    /** Streams that have stopped. */
    readonly parked: number;
  } | null;
};
