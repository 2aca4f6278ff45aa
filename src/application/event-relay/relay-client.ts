import { MINUTE } from '#core/time.ts';
import type { RaiseAlert } from '../alerts.ts';
import type { StoredEvent } from '../dependencies.ts';
import type { Clock } from '../ports.ts';
import type { EventCursor, EventCursors } from './cursors.ts';
import { streamOf, type EventStore, type StreamedEvent } from './event-store.ts';

/** How long a client is taken for; prolonged with each batch. */
export const LEASE_MS = 2 * MINUTE;
/** What a batch may take in all: what is left of the lease must be more. */
const BATCH_MS = MINUTE;
/** An append may have 1 MiB on a server as it comes. */
const BATCH = { events: 200, bytes: 512 * 1024 } as const;
/** Batches of one client before others have their turn. */
const BATCHES = 20;

export type RelayClientParts = {
  readonly cursors: EventCursors;
  readonly eventStore: EventStore;
  readonly epoch: () => number;
  readonly eventId: (clientId: string, seq: number) => string;
  readonly clock: Clock;
  readonly alert: RaiseAlert;
  /** Aborts when nothing more is to be begun. */
  readonly closing: AbortSignal;
};

/**
 * Copies what a claimed client is behind, batch by batch, and gives it back. Answers whether there may be more. Throws when
 * the event store does not answer.
 */
export async function relayClient(claimed: EventCursor, parts: RelayClientParts): Promise<boolean> {
  const { cursors, epoch, clock, closing } = parts;
  const owner = epoch();
  let cursor = claimed;
  let leaseUntil = clock.machine() + LEASE_MS;
  try {
    for (let batches = 0; batches < BATCHES && !closing.aborted; batches += 1) {
      if (clock.machine() + BATCH_MS > leaseUntil) return true;
      const step = await copyBatch(cursor, parts);
      if (step.type === 'done') return false;
      if (step.type === 'parked') {
        await park(cursor, owner, step.problem, parts);
        return false;
      }
      leaseUntil = clock.machine() + LEASE_MS;
      // Whoever was asleep beyond the lease has lost the client; what it appended was in its place all the same.
      if (!(await cursors.move(cursor, step.to, owner, leaseUntil))) return false;
      cursor = { ...cursor, relayedSeq: step.to };
    }
    return true;
  } finally {
    await cursors.release(cursor, owner);
  }
}

type Step =
  | { readonly type: 'done' }
  | { readonly type: 'moved'; readonly to: number }
  | { readonly type: 'parked'; readonly problem: string };

async function copyBatch(cursor: EventCursor, parts: RelayClientParts): Promise<Step> {
  const { clientId, firstSeq, relayedSeq } = cursor;
  const batch = await parts.cursors.events(clientId, relayedSeq, BATCH);
  const [first] = batch;
  if (!first) return { type: 'done' };
  if (first.seq !== relayedSeq + 1)
    return parked(`event ${relayedSeq + 1} is no longer kept, so the stream cannot go on without a gap`);
  const after = relayedSeq < firstSeq ? null : relayedSeq - firstSeq;
  const events = batch.map((event) => streamed(clientId, event, parts));
  const outcome = await parts.eventStore.append(streamOf(clientId), after, events);
  switch (outcome.type) {
    case 'appended':
      return moveOver(cursor, batch, parts);
    case 'refused':
      return parked(`the event store refuses event ${first.seq} or one of those after it: ${outcome.problem}`);
    case 'unexpected':
      return goOnFromEnd(cursor, batch, parts);
  }
}

const parked = (problem: string): Step => ({ type: 'parked', problem });

const streamed = (
  clientId: string,
  { seq, type, data, actor, door, request_id, at }: StoredEvent,
  { eventId }: Pick<RelayClientParts, 'eventId'>,
): StreamedEvent => ({
  id: eventId(clientId, seq),
  type,
  data,
  metadata: { client_id: clientId, seq, actor, door, request_id, at: new Date(at).toISOString() },
});

/** Before the cursor passes an erasure, what stands before it must be on its way out: a crash in between does it again. */
async function moveOver(cursor: EventCursor, batch: readonly StoredEvent[], parts: RelayClientParts): Promise<Step> {
  const erasure = batch.findLast(({ type }) => type === 'client_erased');
  if (erasure) await parts.eventStore.truncateBefore(streamOf(cursor.clientId), erasure.seq - cursor.firstSeq);
  return { type: 'moved', to: batch.at(-1)?.seq ?? cursor.relayedSeq };
}

/**
 * The stream does not end where the cursor says: another replica, or an earlier life of this one, may have appended and not
 * lived to say so; or the event store was restored from a backup. If its last event is ours, the copy goes on from there.
 */
async function goOnFromEnd(cursor: EventCursor, batch: readonly StoredEvent[], parts: RelayClientParts): Promise<Step> {
  const { clientId, firstSeq, relayedSeq } = cursor;
  const end = await parts.eventStore.last(streamOf(clientId));
  if (!end)
    return relayedSeq < firstSeq
      ? parked('the event store says that the stream exists, and also that nothing is in it')
      : { type: 'moved', to: firstSeq - 1 };
  const seq = end.revision + firstSeq;
  const [recorded] = await parts.cursors.events(clientId, seq - 1, { events: 1, bytes: 1 });
  if (recorded?.seq !== seq)
    return parked(`the stream ends with revision ${end.revision}, but there is no event ${seq} in the journal`);
  const ours = streamed(clientId, recorded, parts);
  if (ours.id !== end.id || ours.type !== end.type || requestOf(end.metadata) !== recorded.request_id)
    return parked(`revision ${end.revision} of the stream (${end.type}, ${end.id}) is not our event ${seq}`);
  if (seq === relayedSeq) return parked(`the stream ends with our event ${seq}, and yet takes none behind it`);
  if (seq < relayedSeq) return { type: 'moved', to: seq };
  return moveOver(
    cursor,
    batch.filter((event) => event.seq <= seq),
    parts,
  );
}

const requestOf = (metadata: unknown): unknown =>
  typeof metadata === 'object' && metadata !== null && 'request_id' in metadata ? metadata.request_id : undefined;

async function park(
  cursor: EventCursor,
  owner: number,
  problem: string,
  { cursors, clock, alert }: RelayClientParts,
): Promise<void> {
  await cursors.park(cursor, owner, { at: clock.machine(), problem });
  alert('event_stream_parked', `The stream of ${cursor.clientId} has stopped: ${problem}.`, {
    client_id: cursor.clientId,
    stream: streamOf(cursor.clientId),
    seq: cursor.relayedSeq,
  });
}
