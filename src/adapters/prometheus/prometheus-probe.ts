import type { Probe } from '#application/probes.ts';
import type { PrometheusQuery } from './prometheus-client.ts';

/** Whether queries are answered, and whether anything has been scraped at all. */
export const prometheusProbe = (query: PrometheusQuery): Probe => ({
  name: 'prometheus',
  look: async (signal) => {
    try {
      const up = await query('count(up == 1)', signal);
      return [
        up.type === 'figure'
          ? { state: 'ok', said: `It answers queries, and ${up.value} of its targets are up.` }
          : {
              state: 'warning',
              said: 'It answers queries, but no target of its is up.',
              hint: 'Look at its targets: without samples performance stays unknown.',
            },
      ];
    } catch (error) {
      return [
        {
          state: 'failed',
          said: `${error instanceof Error ? error.message : String(error)}.`,
          hint: 'Check PROMETHEUS_URL and PROMETHEUS_TOKEN, and that this machine may reach it.',
        },
      ];
    }
  },
});
