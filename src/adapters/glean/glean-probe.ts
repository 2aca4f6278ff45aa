import type { Finding, Probe } from '#application/probes.ts';
import type { AskGlean } from './glean-client.ts';

/** Whether Glean lets the tokens in, and for what: reads only, one for each scope that is used. */
export const gleanProbe = (ask: AskGlean, datasource: string | null): Probe => ({
  name: 'glean',
  look: async (signal) => {
    const search = await found('search', 'SEARCH', () =>
      ask(
        'client',
        (glean, call) => glean.client.search.query({ query: 'status', pageSize: 1 }, undefined, call),
        signal,
      ),
    );
    // A token that is let in nowhere is one finding and not three.
    if (search.state === 'failed') return [search];
    const overviewRequest = { dayRange: { start: { daysFromNow: 1 }, end: { daysFromNow: 0 } } };
    const request = { overviewRequest, disablePerUserInsights: true };
    return [
      search,
      await found('insights', 'INSIGHTS', () =>
        ask('client', (glean, call) => glean.client.insights.retrieve(request, undefined, call), signal),
      ),
      datasource === null
        ? { state: 'off', said: 'Journeys are not published to Glean.' }
        : await found('indexing', 'an indexing token', () =>
            ask('indexing', (glean, call) => glean.indexing.datasources.retrieveConfig({ datasource }, call), signal),
          ),
    ];
  },
});

async function found(what: string, scope: string, look: () => ReturnType<AskGlean>): Promise<Finding> {
  try {
    const answer = await look();
    if (answer.type === 'answered') return { state: 'ok', said: `The token may be used for ${what}.` };
    // The datasource is made with the first publication.
    if (what === 'indexing' && answer.problem.startsWith('Glean says 404'))
      return { state: 'ok', said: 'The token may be used for indexing; the datasource does not exist yet.' };
    return {
      state: 'warning',
      said: `For ${what}: ${answer.problem}.`,
      hint: `Give the token the scope for it (${scope}), or leave out what needs it.`,
    };
  } catch (error) {
    return {
      state: 'failed',
      said: `For ${what}: ${error instanceof Error ? error.message : String(error)}.`,
      hint: 'Check GLEAN_API_ENDPOINT (or GLEAN_INSTANCE) and GLEAN_SERVICE_ACCOUNT, and that this machine may reach it.',
    };
  }
}
