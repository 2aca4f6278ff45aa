import type { Json, JsonObject } from '#core/json.ts';

/** An event as the event store gets it: `journey-<client_id>`, one revision an event, in the order of the journal. */
export type StreamedEvent = {
  /** UUIDv5 of the client and the seq: the same at every attempt and on every replica. */
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  /** Who did it, through which door, at whose request, and when (journey time, ISO 8601). */
  readonly metadata: JsonObject;
};

export type ReadEvent = {
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly metadata: Json;
};

/** The event store: a copy for those who read streams. The journal remains the truth. */
export type EventStore = {
  /** Appends behind the event of revision `after`; null: the stream must not exist. */
  readonly append: (stream: string, after: number | null, events: readonly StreamedEvent[]) => Promise<AppendOutcome>;
  /** The event of the highest revision; null: there is no stream. */
  readonly last: (stream: string) => Promise<ReadEvent | null>;
  /** Events that may be read, from the lowest revision on that is not below `from`. Throws when the store cannot answer. */
  readonly read: (stream: string, from: number, limit: number) => Promise<readonly ReadEvent[]>;
  /** What stands before the revision cannot be read any more, and goes with the store's next scavenge. */
  readonly truncateBefore: (stream: string, revision: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type AppendOutcome =
  | { readonly type: 'appended' }
  /** The stream does not end where it was expected to. */
  | { readonly type: 'unexpected' }
  /** It will never take these events. */
  | { readonly type: 'refused'; readonly problem: string };

export const streamOf = (clientId: string): string => `journey-${clientId}`;

/** Its circuit breaker. */
export const EVENT_STORE = 'dependency:event_store';
