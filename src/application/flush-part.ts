import type { Refusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Instant } from '#core/time.ts';
import type { Submission, Submitted } from './journal.ts';
import type { KeyedAnswer, RecordedEvent, Recording } from './ports.ts';

/** A submission that waits for its answer. */
export type Item = {
  readonly submission: Submission;
  readonly resolve: (answer: Submitted | Refusal) => void;
  readonly reject: (error: unknown) => void;
  /** Set when the aggregate must be loaded before this is decided. */
  fresh: boolean;
  tries: number;
  /** Machine time at which it came in. */
  readonly at: Instant;
  /** An earlier try may have been recorded: it is looked for before this is decided. */
  unknown: boolean;
};

/** One client's share of a flush, while it is being decided. */
export type Part = {
  readonly clientId: string;
  readonly before: Journey | null;
  readonly warm: boolean;
  journey: Journey | null;
  admits: boolean;
  lookAt: Instant | null;
  readonly events: RecordedEvent[];
  readonly answers: KeyedAnswer[];
  readonly done: { readonly item: Item; readonly submitted: Submitted }[];
  /** Its outcome is known, and whoever waits for it has been told. */
  settled: boolean;
  /** What an earlier statement of unknown outcome may have recorded in place of this. */
  first?: Part;
};

/** What was loaded for a flush. */
export type Known = {
  readonly journeys: ReadonlyMap<string, Journey>;
  readonly loaded: ReadonlySet<string>;
  /** Requests of unknown outcome that turned out to be recorded. */
  readonly recorded: ReadonlySet<string>;
  readonly answers: Map<string, KeyedAnswer>;
};

export const keyName = (
  clientId: string,
  { principal, key }: { readonly principal: string; readonly key: string },
): string => `${clientId}\n${principal}\n${key}`;

export const recordingOf = ({
  clientId,
  before,
  journey,
  events,
  admits: admitted,
  answers,
  lookAt,
}: Part): Recording => ({
  clientId,
  before,
  journey: journey as Journey,
  events,
  admits: admitted,
  answers,
  lookAt,
});

export const requestOf = ({ submission: { clientId, requestId } }: Item) => ({ clientId, requestId });

/** Answers what an earlier try has recorded already; the rest is to be decided. */
export const unsettled = (batch: readonly Item[], { recorded, journeys }: Known): readonly Item[] =>
  batch.filter((item) => {
    const { requestId, clientId, answer } = item.submission;
    const journey = journeys.get(clientId);
    if (!item.unknown || !journey || !recorded.has(requestId)) return true;
    item.resolve({ journey, events: [], answer: answer?.({ journey, events: [] }) ?? null, replayed: true });
    return false;
  });
