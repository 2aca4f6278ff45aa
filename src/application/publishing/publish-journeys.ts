import { SECOND, type Instant } from '#core/time.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Breakers } from '../breakers.ts';
import { breakerKey } from '../collecting/collector.ts';
import { callWithin } from '../collecting/call.ts';
import type { Clock, Ids, Logger, Plans } from '../ports.ts';
import { journeyDocument, type JourneyDocument } from './journey-document.ts';

/** Where journeys are shown to people: an index of documents, one a journey. Calls throw in a clause. */
export type JourneyPlace = {
  readonly name: string;
  /** Whose circuit breaker it is behind. */
  readonly dependency: string;
  /** A digest of how documents are shown and to whom. */
  readonly rules: string;
  readonly every_ms: number;
  readonly put: (documents: readonly JourneyDocument[], signal: AbortSignal) => Promise<void>;
  /** Also where it is not there. */
  readonly remove: (clientIds: readonly string[], signal: AbortSignal) => Promise<void>;
};

export type Unpublished = {
  readonly clientId: string;
  readonly version: number;
  /** Of what is shown; null: nothing is. */
  readonly shown: string | null;
  /** Its newest event is its tombstone. */
  readonly isErased: boolean;
};

export type Publication = { readonly clientId: string; readonly version: number; readonly hash: string | null };

export type PublicationStore = {
  /** Takes the turn until then, if it is due. Machine time. */
  readonly take: (place: string, now: Instant, until: Instant) => Promise<boolean>;
  /** Moves the turn's end, while it is still held; false: somebody else has taken it. */
  readonly move: (place: string, heldUntil: Instant, until: Instant) => Promise<boolean>;
  /** Journeys that have moved since they were looked at, or that other rules show. */
  readonly changed: (place: string, rules: string, limit: number) => Promise<readonly Unpublished[]>;
  readonly keep: (place: string, rules: string, publications: readonly Publication[], at: Instant) => Promise<void>;
  /** What is shown of these is not certain: they are published anew. */
  readonly forget: (place: string, clientIds: readonly string[]) => Promise<void>;
};

export type PublishingParts = {
  readonly store: PublicationStore;
  readonly load: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, Journey>>;
  readonly plans: Plans;
  readonly breakers: Breakers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
};

const BATCH = 100;
const TIMEOUT_MS = 30 * SECOND;
/** Longer than a call may take, so that nobody else publishes while one of ours may still arrive. */
const TURN_MS = 4 * TIMEOUT_MS;

/** Publishes what has changed, when it is due, from one replica at a time; answers how many documents that took. */
export function publishing(place: JourneyPlace, parts: PublishingParts): (stopping: AbortSignal) => Promise<number> {
  const { store, load, plans, breakers, clock, ids, logger } = parts;
  const { name, rules } = place;
  const key = breakerKey(place.dependency);

  return async (stopping) => {
    const begun = clock.machine();
    let heldUntil = begun + TURN_MS;
    if (breakers.isOpen(key) && !breakers.mayProbe(key)) return 0;
    if (!(await store.take(name, begun, heldUntil))) return 0;
    let sent = 0;
    while (!stopping.aborted) {
      const changed = await store.changed(name, rules, BATCH);
      const batch = changed.length === 0 ? null : await publish(changed, heldUntil, stopping);
      if (batch === null) break;
      sent += batch.sent;
      const until = clock.machine() + TURN_MS;
      if (!(await store.move(name, heldUntil, until))) {
        // Asleep beyond the turn: what was sent may have come after what somebody newer has sent.
        await store.forget(name, batch.clientIds);
        return sent;
      }
      heldUntil = until;
      if (changed.length < BATCH) break;
    }
    if (sent > 0) logger.info('Journeys were published.', { place: name, documents: sent });
    await store.move(name, heldUntil, stopping.aborted ? clock.machine() : begun + place.every_ms);
    return sent;
  };

  async function publish(
    changed: readonly Unpublished[],
    until: Instant,
    stopping: AbortSignal,
  ): Promise<{ readonly sent: number; readonly clientIds: readonly string[] } | null> {
    const gone = changed.filter(({ isErased, shown }) => isErased && shown !== null).map(({ clientId }) => clientId);
    const known = await documentsOf(changed.filter(({ isErased }) => !isErased));
    const documents = known.flatMap(({ document, isNew }) => (isNew ? [document] : []));
    if (documents.length + gone.length > 0 && !(await send(documents, gone, until, stopping))) return null;
    const hashes = new Map(known.map(({ document, hash }) => [document.clientId, hash]));
    const kept = changed.map(({ clientId, version }) => ({ clientId, version, hash: hashes.get(clientId) ?? null }));
    await store.keep(name, rules, kept, clock.machine());
    return { sent: documents.length + gone.length, clientIds: changed.map(({ clientId }) => clientId) };
  }

  async function documentsOf(changed: readonly Unpublished[]) {
    const journeys = await load(changed.map(({ clientId }) => clientId));
    await plans.ensure(new Set([...journeys.values()].map(({ configHash }) => configHash)));
    return changed.flatMap(({ clientId, shown }) => {
      const journey = journeys.get(clientId);
      if (!journey) return [];
      const document = journeyDocument(plans.get(journey.configHash), journey, clock.journey(), ids.digest);
      const hash = ids.digest(`${rules}\n${JSON.stringify(document)}`);
      return [{ document, hash, isNew: hash !== shown }];
    });
  }

  /** False: it may or may not have arrived, and is sent again. */
  async function send(
    documents: readonly JourneyDocument[],
    gone: readonly string[],
    until: Instant,
    stopping: AbortSignal,
  ): Promise<boolean> {
    const id = ids.random();
    if (breakers.isOpen(key) && !(await breakers.probe(key, id, until))) return false;
    const call = async (signal: AbortSignal): Promise<void> => {
      if (gone.length > 0) await place.remove(gone, signal);
      if (documents.length > 0) await place.put(documents, signal);
    };
    const outcome = await callWithin(call, { clock, stopping, timeout_ms: TIMEOUT_MS });
    await breakers.report(key, id, outcome.type);
    if (outcome.type === 'failed')
      logger.warn('Journeys could not be published.', { place: name, error: outcome.problem });
    return outcome.type === 'answered';
  }
}
