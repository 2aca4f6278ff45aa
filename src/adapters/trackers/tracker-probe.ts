import type { Probe } from '#application/probes.ts';
import type { Tracker } from './tracker.ts';

/** Whether the tracker answers a question for bugs with the credentials that are set. Changes nothing there. */
export const trackerProbe = ({ name, title, bugs }: Tracker, now: () => number, variables: string): Probe => ({
  name,
  look: async (signal) => {
    try {
      const { bugs: found, complete } = await bugs(['journey-doctor'], now(), signal);
      return [
        complete
          ? { state: 'ok', said: `${title} answers, with ${found.length} bugs.` }
          : {
              state: 'warning',
              said: `${title} answers, and has more bugs than the ${found.length} that are read.`,
              hint: 'Name fewer repositories, projects or teams: else bugs stay unknown.',
            },
      ];
    } catch (error) {
      return [
        {
          state: 'failed',
          said: `${error instanceof Error ? error.message : String(error)}.`,
          hint: `Check ${variables}, collectors.yaml, and that this machine may reach it.`,
        },
      ];
    }
  },
});
