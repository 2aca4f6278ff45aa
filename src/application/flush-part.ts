import type { Refusal } from '#core/errors.ts';
import type { Journey } from '#core/journey/journey.ts';
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
};

/** One client's share of a flush, while it is being decided. */
export type Part = {
  readonly clientId: string;
  readonly before: Journey | null;
  readonly warm: boolean;
  journey: Journey | null;
  admits: boolean;
  readonly events: RecordedEvent[];
  readonly answers: KeyedAnswer[];
  readonly done: { readonly item: Item; readonly submitted: Submitted }[];
  /** Its outcome is known, and whoever waits for it has been told. */
  settled: boolean;
};

/** What was loaded for a flush. */
export type Known = {
  readonly journeys: ReadonlyMap<string, Journey>;
  readonly loaded: ReadonlySet<string>;
  readonly answers: Map<string, KeyedAnswer>;
};

export const keyName = (
  clientId: string,
  { principal, key }: { readonly principal: string; readonly key: string },
): string => `${clientId}\n${principal}\n${key}`;

export const recordingOf = ({ clientId, before, journey, events, admits: admitted, answers }: Part): Recording => ({
  clientId,
  before,
  journey: journey as Journey,
  events,
  admits: admitted,
  answers,
});
