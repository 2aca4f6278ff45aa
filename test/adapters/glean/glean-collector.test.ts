import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Collected, Wanted } from '#application/collecting/collector.ts';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { gleanClient } from '#adapters/glean/glean-client.ts';
import { gleanCollector } from '#adapters/glean/glean-collector.ts';
import { gleanProbe } from '#adapters/glean/glean-probe.ts';
import type { GoldenSet } from '#adapters/glean/search-precision.ts';
import { DAY, HOUR } from '#core/time.ts';
import { readEvidence } from '#validators/evidence-kinds.ts';
import { gleanDouble, INDEXING_TOKEN, TOKEN, type GleanDouble } from '#test/support/glean/glean-double.ts';
import { wantedOf } from '#test/support/collecting/wanted.ts';

const never = new AbortController().signal;
const ago = (wanted: Wanted, by_ms: number): string => new Date(wanted.now - by_ms).toISOString();

let glean: GleanDouble;
let goldenSet: GoldenSet | { readonly problem: string };
beforeAll(async () => {
  glean = await gleanDouble();
});
beforeEach(() => {
  goldenSet = { problem: 'there is no golden set' };
});
afterEach(() => {
  const { state } = glean;
  state.down = null;
  for (const map of [state.results, state.lastIndexed, state.credentials, state.pushed, state.insights]) map.clear();
});
afterAll(() => glean[Symbol.asyncDispose]());

const queries = (count: number, relevant = ['a', 'b']) =>
  Array.from({ length: count }, (_, index) => ({ query: `q${index}`, relevant }));
const ask = (token = TOKEN) =>
  gleanClient({ url: glean.url, token, indexingToken: INDEXING_TOKEN }, boundedFetch(1_000_000));
const collector = (token?: string) =>
  gleanCollector({
    ask: ask(token),
    refresh_ms: { connector_status: HOUR, search_quality: HOUR, user_adoption: HOUR, query_volume: HOUR },
    timeout_ms: 10_000,
    concurrency: 1,
    callsPerMinute: 100,
    datasource: '{client_id}-{connector}',
    pushed: ['wiki'],
    recent_ms: DAY,
    goldenSet: () => goldenSet,
    queriesAtOnce: 3,
    departments: ['{client_id}'],
  });
async function collect(wanted: Wanted): Promise<Collected> {
  const [found] = await collector().collect([wanted], never);
  if (!found) throw new Error('The collector answered nothing.');
  for (const { subject, value } of found.observations)
    expect(readEvidence(wanted.kind, value, subject)).toMatchObject({ ok: true });
  return found;
}

describe('S72: the status of connectors', () => {
  const wanted = wantedOf(
    'connector_status',
    { required_connectors: 'all' },
    { inputs: { data_sources: ['jira', 'wiki'] } },
  );

  test('is syncing where credentials are valid and something was indexed lately, synced where all that was pushed is', async () => {
    glean.state.credentials.set('acme-jira', 'VALID');
    glean.state.lastIndexed.set('acme-jira', ago(wanted, HOUR));
    glean.state.pushed.set('acme-wiki', {
      counts: { uploaded: [{ count: 7 }, { count: 5 }], indexed: [{ count: 12 }] },
      processingHistory: [{ startTime: ago(wanted, 3 * HOUR), endTime: ago(wanted, 2 * HOUR) }],
    });
    expect(await collect(wanted)).toEqual({
      clientId: 'acme',
      kind: 'connector_status',
      observations: [
        { subject: 'jira', value: { status: 'syncing' } },
        { subject: 'wiki', value: { status: 'synced' } },
      ],
    });
  });

  test('is unknown, and said to be, where credentials are valid but nothing says that anything is indexed', async () => {
    glean.state.credentials.set('acme-jira', 'VALID');
    glean.state.pushed.set('acme-wiki', { counts: { uploaded: [{ count: 3 }] } });
    expect(await collect(wanted)).toMatchObject({
      observations: [{ subject: 'wiki', value: { status: 'pending' } }],
      problem: 'jira: its credentials are valid, but Glean does not say when anything of acme-jira was last indexed',
    });
    glean.state.lastIndexed.set('acme-jira', ago(wanted, 72 * HOUR));
    glean.state.pushed.set('acme-wiki', {
      counts: { uploaded: [{ count: 3 }], indexed: [{ count: 3 }] },
      processingHistory: [{ startTime: ago(wanted, 49 * HOUR), endTime: ago(wanted, 48 * HOUR) }],
    });
    expect(await collect(wanted)).toMatchObject({
      observations: [],
      problem: 'jira: acme-jira was last indexed 72 hours ago; wiki: acme-wiki was last indexed 48 hours ago',
    });
  });

  test.each([
    ['INVALID', 'error'],
    ['MISSING', 'pending'],
    ['VALIDATING', 'pending'],
  ])('of credentials that are %s is %s', async (credentials, status) => {
    glean.state.credentials.set('acme-jira', credentials);
    const one = wantedOf('connector_status', { required_connectors: ['jira'] });
    expect(await collect(one)).toMatchObject({ observations: [{ subject: 'jira', value: { status } }] });
  });

  test('of a datasource that Glean does not know, or in a way that we do not, is unknown', async () => {
    const one = wantedOf('connector_status', { required_connectors: ['jira'] });
    expect(await collect(one)).toMatchObject({
      observations: [],
      problem: 'jira: Glean says 404: no datasource instance acme-jira',
    });
    glean.state.credentials.set('acme-jira', 'ON_FIRE');
    expect(await collect(one)).toMatchObject({ problem: 'jira: Glean says that its credentials are ON_FIRE' });
  });

  test('is asked for under the name that the journey gives, and of what was installed rather than wished for', async () => {
    glean.state.credentials.set('jira-prod', 'INVALID');
    const one = wantedOf(
      'connector_status',
      { required_connectors: 'all' },
      {
        metadata: { glean_datasources: { jira: 'jira-prod' } },
        inputs: { data_sources: ['jira', 'wiki'] },
        outputs: { installed_connectors: [{ name: 'jira' }] },
      },
    );
    expect(await collect(one)).toMatchObject({ observations: [{ subject: 'jira', value: { status: 'error' } }] });
  });
});

describe('S73: search quality over a golden set', () => {
  const wanted = wantedOf('search_quality', { k: 2, sample_queries: 4, min_precision: 0.8 });

  test('is the share of relevant results among the first k, over as many queries as are asked for', async () => {
    goldenSet = { queries: queries(4) };
    glean.state.results.set('q0', ['a', 'b', 'x']);
    glean.state.results.set('q1', ['a', 'x', 'b']);
    glean.state.results.set('q2', ['b']);
    expect(await collect(wanted)).toEqual({
      clientId: 'acme',
      kind: 'search_quality',
      observations: [{ value: { precision: 0.5, k: 2, sampled: 4 } }],
    });
  });

  test('counts labels that are URLs', async () => {
    goldenSet = { queries: queries(4, ['https://docs.example/a', 'b']) };
    for (const { query } of goldenSet.queries) glean.state.results.set(query, ['a', 'b']);
    expect((await collect(wanted)).observations).toEqual([{ value: { precision: 1, k: 2, sampled: 4 } }]);
  });

  test('takes the same sample of a larger set each time, and no more', async () => {
    goldenSet = { queries: queries(20) };
    const asked: string[][] = [];
    for (let time = 0; time < 2; time += 1) {
      const before = glean.searches().length;
      await collect(wanted);
      asked.push(glean.searches().slice(before).toSorted());
    }
    expect(asked[0]).toHaveLength(4);
    expect(asked[1]).toEqual(asked[0]);
  });

  test.each([
    ['too few labelled queries', queries(3), 'the golden set has 3 labelled queries, and 4 are asked for'],
    [
      'queries without labels',
      [...queries(3), { query: 'bare', relevant: [] }],
      'the golden set has 3 labelled queries, and 4 are asked for',
    ],
    [
      'too few labels a query to be able to pass',
      queries(4, ['a']),
      'with so few labels precision@2 can be 0.5 at most, and 0.8 is asked for: label at least 2 documents a query',
    ],
  ])('with %s is unknown, and nothing is asked', async (_, given, problem) => {
    goldenSet = { queries: given };
    const before = glean.searches().length;
    expect(await collect(wanted)).toMatchObject({ observations: [], problem });
    expect(glean.searches().length).toBe(before);
  });

  test('without a golden set is unknown', async () => {
    expect(await collect(wanted)).toMatchObject({ observations: [], problem: 'there is no golden set' });
  });

  test('fails as a whole where one query is not answered, rather than count fewer', async () => {
    goldenSet = { queries: queries(4) };
    glean.state.down = 503;
    await expect(collector().collect([wanted], never)).rejects.toThrow('Glean says 503: not now');
  });
});

describe('S80: adoption and growth', () => {
  test('adoption is who was active within a month, of those who work there', async () => {
    const wanted = wantedOf('user_adoption', { window_days: 30 });
    glean.state.insights.set('acme', () => ({
      monthlyActiveUsers: 70,
      employeeCount: 100,
      lastUpdatedTs: (wanted.now - HOUR) / 1_000,
    }));
    expect((await collect(wanted)).observations).toEqual([
      { value: { active: 70, cohort: 100 }, observedAt: wanted.now - HOUR },
    ]);
    expect((await collect({ ...wanted, metadata: { adoption_cohort: 80 } })).observations[0]?.value).toEqual({
      active: 70,
      cohort: 80,
    });
    expect(await collect({ ...wanted, metadata: { adoption_cohort: 50 } })).toMatchObject({
      observations: [],
      problem: '70 users were active, more than the 50 of the cohort',
    });
  });

  test('growth has the window before, which the goal needs', async () => {
    const wanted = wantedOf('query_volume', { window_days: 30 });
    glean.state.insights.set('acme', (from_days) => ({
      searchSummary: { numSearches: from_days === 30 ? 1_200 : 1_000 },
    }));
    expect((await collect(wanted)).observations[0]?.value).toMatchObject({
      count: 1_200,
      previous_count: 1_000,
      window_start: ago(wanted, 30 * DAY),
    });
  });

  test('of a department that Glean has no insights for is unknown, rather than everybody’s', async () => {
    for (const kind of ['user_adoption', 'query_volume'])
      expect(await collect(wantedOf(kind))).toMatchObject({
        observations: [],
        problem: 'Glean has no insights for the department acme',
      });
    glean.state.insights.set('acme', () => ({}));
    expect(await collect(wantedOf('user_adoption'))).toMatchObject({
      problem: 'Glean does not say how many users were active',
    });
    expect(await collect(wantedOf('query_volume'))).toMatchObject({
      problem: 'Glean does not say how many searches there were in 60 days',
    });
  });
});

describe('S35: Glean lets in', () => {
  test('nobody without a good token: the call fails, and the token is not told', async () => {
    const call = collector('a-bad-token').collect([wantedOf('user_adoption')], never);
    await expect(call).rejects.toThrow('Glean says 401: Not allowed: invalid token');
    await expect(call).rejects.not.toThrow('a-bad-token');
  });

  test('whoever lacks a scope for what it may: the rest goes on', async () => {
    glean.state.tokens.set('search-only', new Set(['SEARCH']));
    const [found] = await collector('search-only').collect([wantedOf('user_adoption')], never);
    expect(found).toMatchObject({ observations: [], problem: 'Glean says 403: the token lacks the scope INSIGHTS' });
  });

  test('a probe finds out what the tokens may, by reading', async () => {
    const states = async (token: string, datasource: string | null = 'journeys') =>
      (await gleanProbe(ask(token), datasource).look(never)).map(({ state }) => state);
    expect(await states(TOKEN)).toEqual(['ok', 'ok', 'ok']);
    expect(await states('search-only', null)).toEqual(['ok', 'warning', 'off']);
    expect(await gleanProbe(ask('a-bad-token'), 'journeys').look(never)).toEqual([
      expect.objectContaining({ state: 'failed', said: 'For search: Glean says 401: Not allowed: invalid token.' }),
    ]);
    expect(glean.state.datasources.size).toBe(0);
  });

  test('nobody while it is away: that, too, is a clause', async () => {
    const gone = await gleanDouble();
    await gone[Symbol.asyncDispose]();
    const lost = gleanClient({ url: gone.url, token: TOKEN, indexingToken: TOKEN }, boundedFetch(1_000));
    await expect(
      lost('client', (client, call) => client.client.search.query({ query: 'x' }, undefined, call), never),
    ).rejects.toThrow('Glean cannot be reached (ECONNREFUSED)');
  });
});
