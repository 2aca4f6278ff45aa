import { MINUTE } from '#core/time.ts';
import type { Collected, Collector, Wanted } from '#application/collecting/collector.ts';
import type { Figure, PrometheusQuery } from './prometheus-client.ts';

/** PromQL with `{client_id}` as the value of a label, and `{window}`. */
export type PerformanceQueries = {
  readonly requests: string;
  readonly error_rate: string;
  readonly p95_ms: string;
};

export type PerformanceOptions = Pick<Collector, 'timeout_ms' | 'concurrency' | 'callsPerMinute'> & {
  readonly refresh_ms: number;
  readonly queries: PerformanceQueries;
  readonly query: PrometheusQuery;
};

const DAY_MINUTES = 1_440;

/** Measures how a client's service performs, for PerformanceSLAValidator: requests, errors and latency of one window. */
export function performanceCollector({ refresh_ms, queries, query, ...bounds }: PerformanceOptions): Collector {
  return {
    name: 'prometheus',
    brings: [{ kind: 'performance', refresh_ms }],
    clientsPerCall: 1,
    ...bounds,
    collect: (wanted, signal) => Promise.all(wanted.map((one) => measured(one, signal))),
  };

  async function measured(wanted: Wanted, signal: AbortSignal): Promise<Collected> {
    const { clientId, kind } = wanted;
    const window_minutes = windowOf(wanted);
    const figure = async (name: keyof PerformanceQueries): Promise<Figure> =>
      query(filled(queries[name], clientId, window_minutes), signal);
    const unknown = (problem: string): Collected => ({ clientId, kind, observations: [], problem });

    const requests = await figure('requests');
    if (requests.type === 'none') return unknown(`of the query for requests, ${requests.problem}`);
    // Nobody asked for anything: a rate of errors or a latency of nothing has no figure.
    if (requests.value < 1) return unknown(`there were no requests in ${window_minutes} minutes`);
    const [errors, p95] = await Promise.all([figure('error_rate'), figure('p95_ms')]);
    if (errors.type === 'none') return unknown(`of the query for error_rate, ${errors.problem}`);
    if (p95.type === 'none') return unknown(`of the query for p95_ms, ${p95.problem}`);
    const value = {
      requests: Math.floor(requests.value),
      error_rate: errors.value,
      p95_ms: p95.value,
      window_minutes,
    };
    return { clientId, kind, observations: [{ value }] };
  }
}

/** The widest window that is asked for, but not from before the stage was entered: what was so then does not count. */
function windowOf({ criteria, now, stageStartedAt }: Wanted): number {
  const asked = criteria.map(({ parameters: { window_minutes } }) => Number(window_minutes ?? DAY_MINUTES));
  return Math.max(1, Math.min(Math.max(...asked), Math.floor((now - stageStartedAt) / MINUTE)));
}

/** The templates hold `{client_id}` only as `="{client_id}"`, where PromQL reads a string with backslashes. */
const filled = (template: string, clientId: string, window_minutes: number): string =>
  template
    .replaceAll('{client_id}', () => clientId.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`))
    .replaceAll('{window}', `${window_minutes}m`);
