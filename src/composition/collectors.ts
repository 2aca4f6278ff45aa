import type { CollectingParts } from '#application/collecting/collect-due.ts';
import { collecting } from '#application/collecting/collect-due.ts';
import type { Collector } from '#application/collecting/collector.ts';
import { recordCollected } from '#application/collecting/record-collected.ts';
import type { Execute } from '#application/execute.ts';
import type { Ids } from '#application/ports.ts';
import type { Probe } from '#application/probes.ts';
import { publishing, type JourneyPlace, type PublishingParts } from '#application/publishing/publish-journeys.ts';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { gleanClient, type GleanServer } from '#adapters/glean/glean-client.ts';
import { gleanCollector } from '#adapters/glean/glean-collector.ts';
import { gleanProbe } from '#adapters/glean/glean-probe.ts';
import { gleanPlace } from '#adapters/glean/journey-place.ts';
import { performanceCollector } from '#adapters/prometheus/performance-collector.ts';
import { prometheusQuery, type PrometheusServer } from '#adapters/prometheus/prometheus-client.ts';
import { prometheusProbe } from '#adapters/prometheus/prometheus-probe.ts';
import { SECOND } from '#core/time.ts';
import { readGoldenSet } from '#settings/golden-sets.ts';
import type { Settings } from '#settings/settings.ts';
import { again, type Scheduled } from '#scheduler/scheduler.ts';

const LOOK_EVERY_MS = 5 * SECOND;

const MOST_ANSWER_BYTES = 4 * 1_048_576;

/** Who is asked for evidence, by what the settings name. */
export const collectorsOf = ({ collectors: { prometheus, glean } }: Settings): readonly Collector[] => [
  ...(prometheus ? [performanceCollector({ ...prometheus, query: queryOf(prometheus) })] : []),
  ...(glean
    ? [
        gleanCollector({
          ...glean,
          ask: askOf(glean),
          goldenSet: (clientId) => readGoldenSet(glean.goldenSets, clientId),
        }),
      ]
    : []),
];

/** Looks at what they ask, for doctor. */
export const collectorProbes = ({ collectors: { prometheus, glean } }: Settings): readonly Probe[] => [
  ...(prometheus ? [prometheusProbe(queryOf(prometheus))] : []),
  ...(glean ? [gleanProbe(askOf(glean), glean.dashboard?.datasource ?? null)] : []),
];

const queryOf = (server: PrometheusServer) => prometheusQuery(server, boundedFetch(MOST_ANSWER_BYTES));
const askOf = (server: GleanServer) => gleanClient(server, boundedFetch(MOST_ANSWER_BYTES));

/** Where journeys are shown, by what the settings name. */
export function placesOf({ collectors: { glean }, http }: Settings, { digest }: Ids): readonly JourneyPlace[] {
  if (!glean?.dashboard || http.publicUrl === null) return [];
  return [gleanPlace({ ...glean.dashboard, ask: askOf(glean), publicUrl: http.publicUrl, digest })];
}

/** Takes its turn as soon as it is due: how often that is, is the place's matter. */
export const publishAgain = (places: readonly JourneyPlace[], parts: PublishingParts): readonly Scheduled[] =>
  places.map((place) =>
    again(LOOK_EVERY_MS, `Publishing to ${place.name}`, publishing(place, parts), parts.clock, parts.logger),
  );

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
