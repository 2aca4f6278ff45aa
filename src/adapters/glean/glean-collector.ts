import type { Collected, Collector, Wanted } from '#application/collecting/collector.ts';
import { connectorStatuses, type ConnectorOptions } from './connector-status.ts';
import type { AskGlean } from './glean-client.ts';
import { queryVolume, userAdoption, type InsightsOptions } from './insights.ts';
import { searchPrecision, type PrecisionOptions } from './search-precision.ts';

type Kind = 'connector_status' | 'search_quality' | 'user_adoption' | 'query_volume';

type Measure = (wanted: Wanted, signal: AbortSignal) => Promise<Collected>;

export type GleanCollectorOptions = Pick<Collector, 'timeout_ms' | 'concurrency' | 'callsPerMinute'> &
  ConnectorOptions &
  PrecisionOptions &
  InsightsOptions & { readonly refresh_ms: Readonly<Record<Kind, number>>; readonly ask: AskGlean };

/** What Glean knows of a client: its connectors, how good its search is, and who uses it how much. */
export function gleanCollector({ ask, refresh_ms, ...options }: GleanCollectorOptions): Collector {
  const measures: Readonly<Record<string, Measure>> = {
    connector_status: (wanted, signal) => connectorStatuses(ask, options, wanted, signal),
    search_quality: (wanted, signal) => searchPrecision(ask, options, wanted, signal),
    user_adoption: (wanted, signal) => userAdoption(ask, options, wanted, signal),
    query_volume: (wanted, signal) => queryVolume(ask, options, wanted, signal),
  } satisfies Record<Kind, Measure>;
  return {
    name: 'glean',
    brings: Object.entries(refresh_ms).map(([kind, after_ms]) => ({ kind, refresh_ms: after_ms })),
    clientsPerCall: 1,
    timeout_ms: options.timeout_ms,
    concurrency: options.concurrency,
    callsPerMinute: options.callsPerMinute,
    collect: (wanted, signal) => Promise.all(wanted.flatMap((one) => measures[one.kind]?.(one, signal) ?? [])),
  };
}
