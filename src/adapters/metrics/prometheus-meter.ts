import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Plan } from '#core/plan.ts';
import { SECOND, type Instant } from '#core/time.ts';
import type { Alert } from '#application/alerts.ts';
import type { Build } from '#application/build.ts';
import type { Figures, Meter } from '#application/meter.ts';
import type { Clock, Logger } from '#application/ports.ts';
import { countRecording } from './count-recordings.ts';
import { counted, gauged, showBuild, type Gauged } from './instruments.ts';

export type PrometheusMeter = Meter & {
  /** The exposition that Prometheus scrapes. */
  readonly exposition: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

export type MeterOptions = {
  readonly figures: () => Promise<Figures>;
  readonly planOf: (hash: string) => Plan;
  readonly build: Build;
  /** Every alert that there is. */
  readonly alerts: readonly Alert[];
  readonly clock: Pick<Clock, 'journey' | 'machine'>;
  readonly logger: Pick<Logger, 'warn'>;
};

/** However often somebody scrapes, the store is asked this often at most. */
const FIGURES_KEPT_MS = 5 * SECOND;

export function prometheusMeter({ figures, planOf, build, alerts, clock, logger }: MeterOptions): PrometheusMeter {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counts = counted(registry);
  showBuild(registry, build);
  // Series that exist from the start read zero; one that appears with its first alert has no increase to be seen.
  for (const alert of alerts) counts.alerts.inc({ alert }, 0);
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const gauges = gauged(registry, () => (asking ??= refresh().finally(() => (asking = undefined))));

  async function refresh(): Promise<void> {
    if (clock.machine() - askedAt < FIGURES_KEPT_MS) return;
    askedAt = clock.machine();
    try {
      show(gauges, await figures(), clock);
    } catch (error) {
      // The counts of this process are worth a scrape also while the store is away; old figures would lie.
      for (const gauge of Object.values(gauges)) gauge.reset();
      logger.warn('The figures for the metrics could not be read.', { error: String(error) });
    }
  }

  return {
    recorded: (recordings, now) => {
      for (const recording of recordings) countRecording(counts, planOf, recording, now);
    },
    flushed: ({ commands, conflicts, took_ms }) => {
      counts.flushCommands.observe(commands);
      counts.flushDuration.observe(took_ms / SECOND);
      if (conflicts > 0) counts.flushConflicts.inc(conflicts);
    },
    answered: ({ useCase, door, outcome, took_ms }) =>
      counts.calls.observe({ use_case: useCase, door, outcome }, took_ms / SECOND),
    asked: ({ collector, outcome, took_ms }) => counts.collectorCalls.observe({ collector, outcome }, took_ms / SECOND),
    collected: (labels) => counts.collections.inc(labels),
    alerted: (alert) => counts.alerts.inc({ alert }),
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function show(gauges: Gauged, figures: Figures, clock: MeterOptions['clock']): void {
  for (const gauge of Object.values(gauges)) gauge.reset();
  gauges.queued.set(0);
  for (const { stage, status, count, oldest_started_at } of figures.journeys) {
    if (status === 'queued') gauges.queued.inc(count);
    if (status === 'paused') gauges.paused.set({ stage }, count);
    if (status !== 'active') continue;
    gauges.active.set({ stage }, count);
    gauges.stageAge.set({ stage }, age_s(oldest_started_at, clock.journey()));
  }
  for (const { stage, rate } of figures.passRates) gauges.passRate.set({ stage }, rate);
  gauges.pollLag.set(figures.dueSince === null ? 0 : age_s(figures.dueSince, clock.journey()));
  const oldest = new Map<string, Instant>();
  for (const { destination, state, count, oldest_at } of figures.messages) {
    gauges.messages.set({ destination, state }, count);
    if (state !== 'dead') oldest.set(destination, Math.min(oldest.get(destination) ?? oldest_at, oldest_at));
  }
  for (const [destination, since] of oldest) gauges.outboxLag.set({ destination }, age_s(since, clock.journey()));
  for (const state of ['ok', 'stale', 'unread'] as const)
    gauges.agentSources.set({ state }, figures.agentSources.filter((source) => source.state === state).length);
  gauges.openApprovals.set(figures.openApprovals);
  for (const { collector, kind, missing, due_since } of figures.collections) {
    gauges.collectionLag.set({ collector, kind }, age_s(due_since, clock.machine()));
    gauges.uncollected.set({ collector, kind }, missing);
  }
  const { eventStore } = figures;
  const oldest_at = eventStore?.oldest_at ?? null;
  gauges.eventLag.set(oldest_at === null ? 0 : age_s(oldest_at, clock.journey()));
  gauges.eventsBehind.set(eventStore?.behind ?? 0);
  gauges.eventsParked.set(eventStore?.parked ?? 0);
}

const age_s = (since: Instant, now: Instant): number => Math.max(0, now - since) / SECOND;
