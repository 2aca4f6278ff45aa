import type { Json } from '../json.ts';
import type { RecordedFact } from './history.ts';
import { canonical } from './rows.ts';
import type { Violation } from './violation.ts';

/** A client's stream in the event store: the event `seq` has revision `seq - firstSeq`. */
export type StreamCopy = {
  readonly firstSeq: number;
  /** Up to here the events have been copied. */
  readonly relayedSeq: number;
  /** The first event that the journal still keeps, and the last one that it has. */
  readonly eventsFrom: number;
  readonly version: number;
  readonly facts: readonly RecordedFact[];
};

export type CopiedEvent = {
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Json;
};

/** What of a stream is not what the journal says. That events are still to come is no violation. */
export function judgeStream(
  { firstSeq, relayedSeq, eventsFrom, version, facts }: StreamCopy,
  copied: readonly CopiedEvent[],
  idOf: (seq: number) => string,
): readonly Violation[] {
  const found: Violation[] = [];
  const report = (message: string): void => void found.push({ invariant: 'event_store', message });
  const recorded = new Map(facts.map((fact) => [fact.seq, fact]));
  const erasure = facts.findLast(({ seq, event }) => event.type === 'client_erased' && seq <= relayedSeq)?.seq ?? 0;
  const there = new Set<number>();
  for (const { revision, id, type, data } of copied) {
    const seq = revision + firstSeq;
    there.add(seq);
    const fact = recorded.get(seq);
    if (seq > version) report(`revision ${revision} (${type}) is no event of the journal, which ends with ${version}`);
    if (fact === undefined || seq < erasure) continue;
    const { type: recordedType, ...said } = fact.event;
    if (id !== idOf(seq) || type !== recordedType)
      report(`revision ${revision} is ${type} (${id}), but event ${seq} is ${recordedType} (${idOf(seq)})`);
    else if (!fact.erased && canonical(data) !== canonical(said))
      report(`revision ${revision} (${type}) says something else than event ${seq}`);
  }
  const early = [...there].filter((seq) => seq < erasure);
  if (early.length > 0)
    report(`${early.length} events from before the erasure (event ${erasure}) can still be read in the stream`);
  const from = Math.max(firstSeq, eventsFrom, erasure);
  const missing = facts.filter(({ seq }) => seq >= from && seq <= relayedSeq && !there.has(seq));
  const [first] = missing;
  if (first) report(`${missing.length} events that were copied are not in the stream, the first of them ${first.seq}`);
  return found;
}
