import type { CollectingParts } from '#application/collecting/collect-due.ts';
import { collecting } from '#application/collecting/collect-due.ts';
import type { Collector } from '#application/collecting/collector.ts';
import { recordCollected } from '#application/collecting/record-collected.ts';
import type { Execute } from '#application/execute.ts';
import type { Probe } from '#application/probes.ts';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { performanceCollector } from '#adapters/prometheus/performance-collector.ts';
import { prometheusQuery } from '#adapters/prometheus/prometheus-client.ts';
import { prometheusProbe } from '#adapters/prometheus/prometheus-probe.ts';
import { SECOND } from '#core/time.ts';
import type { Settings } from '#settings/settings.ts';
import { again, type Scheduled } from '#scheduler/scheduler.ts';

const LOOK_EVERY_MS = 5 * SECOND;

const MOST_ANSWER_BYTES = 4 * 1_048_576;

/** Who is asked for evidence, by what the settings name. */
export function collectorsOf({ collectors: { prometheus } }: Settings): readonly Collector[] {
  return prometheus === null
    ? []
    : [performanceCollector({ ...prometheus, query: prometheusQuery(prometheus, boundedFetch(MOST_ANSWER_BYTES)) })];
}

/** Looks at what they ask, for doctor. */
export function collectorProbes({ collectors: { prometheus } }: Settings): readonly Probe[] {
  return prometheus === null ? [] : [prometheusProbe(prometheusQuery(prometheus, boundedFetch(MOST_ANSWER_BYTES)))];
}

/** Each collector at its own pace: one that is slow delays nobody but its own evidence. */
export function collectAgain(
  collectors: readonly Collector[],
  parts: Omit<CollectingParts, 'record'> & { readonly execute: Execute },
): readonly Scheduled[] {
  const record = recordCollected(parts);
  return collectors.map((collector) =>
    again(
      LOOK_EVERY_MS,
      `Collecting from ${collector.name}`,
      collecting(collector, { ...parts, record }),
      parts.clock,
      parts.logger,
    ),
  );
}
