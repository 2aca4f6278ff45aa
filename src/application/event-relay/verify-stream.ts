import { judgeStream, type CopiedEvent } from '#core/verify/stream.ts';
import type { Violation } from '#core/verify/violation.ts';
import type { JourneyReader } from '../dependencies.ts';
import type { StoredClient } from '../verify.ts';
import type { EventCursors } from './cursors.ts';
import { streamOf, type EventStore } from './event-store.ts';

/** The copy of the events in an event store, for those who look after it. */
export type EventCopy = {
  readonly cursors: EventCursors;
  readonly store: EventStore;
  readonly eventId: (clientId: string, seq: number) => string;
  readonly versions: JourneyReader['versions'];
};

const PAGE = 500;

export type StreamVerifier = (
  client: Pick<StoredClient, 'clientId' | 'eventsFrom' | 'facts'>,
) => Promise<readonly Violation[]>;

/** Compares streams with the journal. After the first that could not be read no other is tried, and each says so. */
export function streamVerifier({ cursors, store, eventId, versions }: EventCopy): StreamVerifier {
  let problem: string | undefined;

  async function readStream(clientId: string): Promise<readonly CopiedEvent[]> {
    const copied: CopiedEvent[] = [];
    for (;;) {
      const page = await store.read(streamOf(clientId), (copied.at(-1)?.revision ?? -1) + 1, PAGE);
      copied.push(...page);
      if (page.length < PAGE) return copied;
    }
  }

  return async ({ clientId, eventsFrom, facts }) => {
    const cursor = await cursors.find(clientId);
    if (!cursor) return [];
    const parked: readonly Violation[] = cursor.parked
      ? [
          {
            invariant: 'event_store',
            message: `the stream has stopped after event ${cursor.relayedSeq}: ${cursor.parked.problem}`,
          },
        ]
      : [];
    if (problem !== undefined) return [...parked, notCompared(problem)];
    try {
      const copied = await readStream(clientId);
      // Events may have been recorded and copied since the journal was read.
      const version = (await versions([clientId])).get(clientId) ?? 0;
      const copy = { ...cursor, eventsFrom, facts, version };
      return [...parked, ...judgeStream(copy, copied, (seq) => eventId(clientId, seq))];
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      return [...parked, notCompared(problem)];
    }
  };
}

const notCompared = (problem: string): Violation => ({
  invariant: 'event_store',
  message: `the stream could not be compared: ${problem}`,
});
