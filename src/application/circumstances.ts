import type { Circumstances, Uncollected } from '#core/explain/explain.ts';
import type { Dependencies } from './dependencies.ts';

/** What an explanation rests on beside the journey itself, as of now. */
export const circumstancesOf = (
  { clock, configuration, agents }: Pick<Dependencies, 'clock' | 'configuration' | 'agents'>,
  queuePosition: number | null,
  uncollected: readonly Uncollected[],
): Circumstances => ({
  now: clock.journey(),
  queuePosition,
  failedReload: configuration.failedReload(),
  uncollected,
  silentSources: agents
    .sources()
    .flatMap(({ url, state, problem }) => (state === 'ok' ? [] : [{ url, problem: problem ?? 'It cannot be read.' }])),
});
