import { backoff_ms, fraction, type RetryPolicy } from '#core/retry.ts';
import { MINUTE, SECOND, type Instant } from '#core/time.ts';
import { stageOf } from '#core/plan.ts';
import type { Journey } from '#core/journey/journey.ts';
import { outputsOf } from '#core/journey/evolve.ts';
import type { Breakers } from '../breakers.ts';
import type { Meter } from '../meter.ts';
import type { Clock, Ids, Logger, Plans } from '../ports.ts';
import { callWithin, type CallOutcome } from './call.ts';
import type { ClaimedCollection, CollectionStore, Need, SettledCollection } from './collection-store.ts';
import { breakerKey, originOf, type Collector, type Collected, type Wanted } from './collector.ts';
import { criteriaFor, needsOf } from './needs.ts';
import { pace } from './pace.ts';
import type { RecordCollected } from './record-collected.ts';

export type CollectingParts = {
  readonly store: CollectionStore;
  readonly load: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, Journey>>;
  readonly plans: Plans;
  readonly breakers: Breakers;
  readonly record: RecordCollected;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly meter: Pick<Meter, 'collected' | 'asked'>;
};

/** Brings what is due; answers how many calls that took. */
export type Collecting = (stopping: AbortSignal) => Promise<number>;

/** A claim outlasts its call and the recording of what it brought. */
const GRACE_MS = 60 * SECOND;
const RETRY: RetryPolicy = { maxRetries: 0, backoff: 'exponential', initial_ms: 30 * SECOND, max_ms: 30 * MINUTE };

/**
 * The rounds of one collector. Only what is due is claimed, each by one replica; as many clients as it allows share a
 * call; and however much is due, no more calls are under way, or begin within a minute, than it allows.
 */
export function collecting(collector: Collector, parts: CollectingParts): Collecting {
  const { store, plans, breakers, clock, ids } = parts;
  const { name, concurrency, clientsPerCall, timeout_ms } = collector;
  const key = breakerKey(name);
  const calls = pace(collector.callsPerMinute);

  return async (stopping) => {
    const needs = await needsOf(collector, store, plans);
    let made = 0;
    while (needs.length > 0 && !stopping.aborted) {
      const round = await goRound(needs, stopping);
      made += round.calls;
      if (!round.more) break;
    }
    return made;
  };

  async function goRound(needs: readonly Need[], stopping: AbortSignal): Promise<Round> {
    const now = clock.machine();
    const until = now + timeout_ms + GRACE_MS;
    const probe = breakers.isOpen(key) ? ids.random() : null;
    const most = Math.min(calls.left(now), probe === null ? concurrency : 1);
    if (most === 0) return NOTHING;
    // Of those who would find out whether it is back, only as many go as the breaker has places.
    if (probe !== null && !(await breakers.probe(key, probe, until))) return NOTHING;
    const limit = most * clientsPerCall;
    const claimed = await store.claim({ collector: name, needs, now, until, limit });
    if (claimed.length === 0) {
      if (probe !== null) await breakers.report(key, probe, 'nothing');
      return NOTHING;
    }
    const batches = await batchesOf(claimed, until);
    calls.take(batches.length, now);
    await Promise.all(batches.map((batch) => serve(batch, until, probe ?? ids.random(), stopping)));
    return { calls: batches.length, more: claimed.length === limit && probe === null };
  }

  /** What is claimed, as what is wanted, in as few calls as the collector allows. Who no longer waits for it is left out. */
  async function batchesOf(claimed: readonly ClaimedCollection[], until: Instant): Promise<readonly Batch[]> {
    const journeys = await parts.load([...new Set(claimed.map(({ clientId }) => clientId))]);
    await plans.ensure(new Set([...journeys.values()].map(({ configHash }) => configHash)));
    const byClient = Map.groupBy(claimed, ({ clientId }) => clientId);
    const gone: ClaimedCollection[] = [];
    const clients: Batch[] = [];
    for (const [clientId, items] of byClient) {
      const journey = journeys.get(clientId);
      const wanted = items.flatMap((item) => {
        const one = journey && wantedOf(journey, item);
        if (!one) gone.push(item);
        return one ? [{ item, wanted: one }] : [];
      });
      if (wanted.length > 0) clients.push(wanted);
    }
    // It has moved on since it was claimed: by its next stage entry it is due again at once.
    const now = clock.machine();
    if (gone.length > 0)
      await store.settle(
        name,
        gone.map((item) => settledOf(item, now + MINUTE, null)),
        until,
        now,
      );
    const batches: Batch[] = [];
    for (let from = 0; from < clients.length; from += clientsPerCall)
      batches.push(clients.slice(from, from + clientsPerCall).flat());
    return batches;
  }

  function wantedOf(journey: Journey, { clientId, kind }: ClaimedCollection): Wanted | undefined {
    const stage = journey.status === 'active' ? stageOf(plans.get(journey.configHash), journey.stage) : undefined;
    const criteria = stage ? criteriaFor(stage, name, kind) : [];
    if (!stage || criteria.length === 0) return undefined;
    return {
      clientId,
      kind,
      stage: stage.id,
      stageStartedAt: journey.stageStartedAt,
      now: clock.journey(),
      criteria: criteria.map(({ checkId, parameters }) => ({ checkId, parameters })),
      inputs: journey.inputs,
      metadata: journey.metadata,
      outputs: Object.assign({}, ...journey.units.map(outputsOf)) as Wanted['outputs'],
      known: (journey.evidence[kind] ?? []).filter(({ origin }) => origin === originOf(name)),
    };
  }

  async function serve(batch: Batch, until: Instant, id: string, stopping: AbortSignal): Promise<void> {
    const begun = clock.machine();
    const wanted = batch.map((one) => one.wanted);
    const call = (signal: AbortSignal) => collector.collect(wanted, signal);
    const outcome = await callWithin(call, { clock, timeout_ms, stopping });
    await breakers.report(key, id, outcome.type);
    parts.meter.asked({ collector: name, outcome: outcome.type, took_ms: clock.machine() - begun });
    try {
      await store.settle(name, await settlementsOf(batch, outcome), until, clock.machine());
    } catch (error) {
      // It stays claimed, and is due again when the claim is over.
      parts.logger.warn('What became of a collection could not be kept.', { collector: name, error: String(error) });
    }
  }

  async function settlementsOf(
    batch: Batch,
    outcome: CallOutcome<readonly Collected[]>,
  ): Promise<readonly SettledCollection[]> {
    const now = clock.machine();
    switch (outcome.type) {
      case 'nothing':
        return batch.map(({ item }) => settledOf(item, now, null));
      case 'failed':
        parts.logger.warn(`${name} could not be asked for evidence.`, { collector: name, error: outcome.problem });
        for (const { item } of batch) parts.meter.collected({ collector: name, kind: item.kind, outcome: 'failed' });
        return batch.map(({ item }) => failedAgain(item, outcome.problem, now));
      case 'answered':
        return recorded(batch, outcome.value);
    }
  }

  async function recorded(batch: Batch, all: readonly Collected[]): Promise<readonly SettledCollection[]> {
    const byClient = Map.groupBy(batch, ({ item }) => item.clientId);
    const settled = [...byClient].map(async ([clientId, asked]) => {
      const kinds = new Set(asked.map(({ item }) => item.kind));
      const brought = all.filter((one) => one.clientId === clientId && kinds.has(one.kind));
      const refused = await parts.record(collector, clientId, brought, asked[0]?.wanted.now ?? clock.journey());
      return asked.map(({ item }) => {
        const problem = refused ?? problemIn(brought.filter(({ kind }) => kind === item.kind));
        parts.meter.collected({ collector: name, kind: item.kind, outcome: problem === null ? 'observed' : 'unknown' });
        return settledOf(item, nextTime(item), problem);
      });
    });
    return (await Promise.all(settled)).flat();
  }

  function nextTime({ clientId, kind }: ClaimedCollection): Instant {
    const refresh_ms = collector.brings.find((one) => one.kind === kind)?.refresh_ms ?? MINUTE;
    // Those that began together need not come back together: seeded, and never later than the interval.
    return clock.machine() + Math.round(refresh_ms * (1 - 0.1 * fraction(`${name}:${kind}:${clientId}`)));
  }

  /** Sooner than the interval would have it, but later each time. */
  function failedAgain(item: ClaimedCollection, problem: string, now: Instant): SettledCollection {
    const failures = item.failures + 1;
    const again = now + backoff_ms(RETRY, Math.min(failures, 20), `${name}:${item.clientId}`);
    return { ...settledOf(item, Math.min(again, Math.max(nextTime(item), now)), problem), failures };
  }
}

type Round = { readonly calls: number; readonly more: boolean };
const NOTHING: Round = { calls: 0, more: false };

type Batch = readonly { readonly item: ClaimedCollection; readonly wanted: Wanted }[];

const settledOf = (
  { clientId, kind }: ClaimedCollection,
  dueAt: Instant,
  problem: string | null,
): SettledCollection => ({
  clientId,
  kind,
  dueAt,
  failures: 0,
  problem,
});

function problemIn(brought: readonly Collected[]): string | null {
  if (brought.length === 0) return 'the answer says nothing of it';
  const problems = brought.flatMap(
    ({ problem, observations }) => problem ?? (observations.length === 0 ? 'the answer has no observation' : []),
  );
  return problems.length > 0 ? problems.join('; ') : null;
}
