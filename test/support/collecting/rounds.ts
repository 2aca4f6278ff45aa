import { bucketOf } from '#core/bucket.ts';
import { openBreakers, type Breakers } from '#application/breakers.ts';
import { collecting } from '#application/collecting/collect-due.ts';
import type { CollectionStore } from '#application/collecting/collection-store.ts';
import type { Collected, Collector, Wanted } from '#application/collecting/collector.ts';
import { noMeter } from '#application/meter.ts';
import type { Plans } from '#application/ports.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import { postgresCollectionStore } from '#adapters/postgres/collection-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { readJourneys } from '#adapters/postgres/journey-reader.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import type { ConfigDocument } from '#settings/document.ts';
import { quiet } from '../engine/fixtures.ts';
import type { VirtualClock } from '../virtual-clock.ts';

export type CollectorDouble = Collector & {
  /** Every call, with what was wanted of it. */
  readonly calls: readonly (readonly Wanted[])[];
  /** From now on calls end so. */
  does: (wanted: readonly Wanted[], signal: AbortSignal) => Promise<readonly Collected[]>;
};

export const goodAnswer = ({ clientId, kind }: Wanted): Collected => ({
  clientId,
  kind,
  observations: [{ value: { precision: 0.9, k: 5, sampled: 250 } }],
});

/** A collector that writes down what it is asked, and finds everything good until told otherwise. */
export function collectorDouble(more: Partial<Collector> = {}): CollectorDouble {
  const calls: (readonly Wanted[])[] = [];
  const double: CollectorDouble = {
    name: 'double',
    brings: [{ kind: 'search_quality', refresh_ms: 600_000 }],
    timeout_ms: 10_000,
    concurrency: 4,
    callsPerMinute: 1_000,
    clientsPerCall: 1,
    ...more,
    calls,
    does: (wanted) => Promise.resolve(wanted.map(goodAnswer)),
    collect: (wanted, signal) => {
      calls.push(wanted);
      return double.does(wanted, signal);
    },
  };
  return double;
}

export type Rounds = {
  readonly store: CollectionStore;
  readonly breakers: Breakers;
  /** Whose evidence was recorded, in order. */
  readonly recorded: readonly string[];
  /** Brings what is due; answers how many calls that took. */
  readonly look: (stopping?: AbortSignal) => Promise<number>;
};

/** The rounds of a collector on a store, as one replica has them; what it brings is written down and not recorded. */
export function roundsOn(
  database: Database,
  document: ConfigDocument,
  clock: VirtualClock,
  collector: Collector,
): Rounds {
  const plan = compilePlan(document);
  const plans: Plans = { active: () => plan, get: () => plan, ensure: () => Promise.resolve() };
  const store = postgresCollectionStore(database);
  const recorded: string[] = [];
  const breakers = openBreakers({
    store: postgresBreakerStore(database),
    policy: () => plan.breaker,
    clock,
    logger: quiet,
    raise: () => undefined,
  });
  const look = collecting(collector, {
    store,
    load: (clientIds) => readJourneys(database, clientIds),
    plans,
    breakers,
    record: (_collector, clientId) => {
      recorded.push(clientId);
      return Promise.resolve(null);
    },
    clock,
    ids: cryptoIds,
    logger: quiet,
    meter: noMeter,
  });
  return { store, breakers, recorded, look: (stopping = new AbortController().signal) => look(stopping) };
}

/** Journeys that are in the stage, without any history: only what is due is looked at here. */
export async function putJourneys(
  database: Database,
  document: ConfigDocument,
  count: number,
  { stage, status = 'active', prefix = 'client' }: { stage: string; status?: string; prefix?: string },
): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  await database.query(
    `insert into journey_states (client_id, bucket, run, status, current_stage, stage_entry, version, entered_version, holds_slot,
       started_at, stage_started_at, completed_stages, config_hash, started_by, inputs, metadata, created_at, updated_at)
     select p.id, p.bucket, 1, $3, $4, 1, 1, 1, true, $6, $6, '{}', $5, 'olga', '{}', '{}', $6, $6
     from unnest($1::text[], $2::int[]) as p (id, bucket)`,
    [ids, ids.map(bucketOf), status, stage, compilePlan(document).hash, '2026-01-01T00:00:00Z'],
  );
}
