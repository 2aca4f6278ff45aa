import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import type { Settings } from '#settings/settings.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { seededConfig, type SeededConfig } from '#test/settings/seeded-config.ts';
import { gleanDouble, INDEXING_TOKEN, TOKEN, type GleanDouble } from '#test/support/glean/glean-double.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import type { Principal } from '#application/principal.ts';

const admin: Principal = { id: 'ada', kind: 'user', roles: ['admin'], clients: null, evidenceKinds: [], intents: null };
const connectors = {
  check_id: 'connectors',
  name: 'Connectors',
  validator: 'ConnectorStatusValidator',
  parameters: { min_sync_status: 'syncing', required_connectors: 'all' },
};
const adoption = { metric: 'user_adoption', target: 0.7, window_days: 30 };
const growth = { metric: 'query_volume_growth', target: 0.2, window_days: 30 };
const document = smallDocument([
  { id: 'sandbox', criteria: [connectors, searchQuality()] },
  { id: 'production', goals: [adoption, growth] },
]);

describe('the product with a Glean', () => {
  const engine = drivenEngine();
  let glean: GleanDouble;
  let config: SeededConfig;
  beforeEach(async () => {
    glean = await gleanDouble();
    config = seededConfig();
  });
  afterEach(async () => {
    await glean[Symbol.asyncDispose]();
    config[Symbol.dispose]();
  });

  function settings(collectors: object): Partial<Settings> {
    config.write('collectors.yaml', JSON.stringify(collectors));
    const env = {
      GLEAN_API_ENDPOINT: glean.url,
      GLEAN_SERVICE_ACCOUNT: TOKEN,
      GLEAN_INDEXING_TOKEN: INDEXING_TOKEN,
      JOURNEY_PUBLIC_URL: 'https://journeys.example',
    };
    const loaded = loadSettings({ env, configDir: config.dir });
    return { document, collectors: loaded.collectors, http: loaded.http };
  }
  async function until<T>(ask: () => T | Promise<T>, fits: (answer: T) => boolean): Promise<T> {
    return eventually(
      async () => {
        await engine.clock.advance(5 * SECOND);
        return ask();
      },
      fits,
      60_000,
    );
  }
  const documents = () => [...(glean.state.datasources.get('journeys')?.documents.values() ?? [])];
  const published = (title: string) => until(documents, (all) => all.some((one) => one.title === title));

  test('S34 S35 S72 S73 S80: a journey goes from its first stage to goals that are on track, on what Glean says alone', async () => {
    const labels = ['a', 'b', 'c', 'd', 'e'];
    const queries = Array.from({ length: 100 }, (_, index) => ({ query: `q${index}`, relevant: labels }));
    mkdirSync(join(config.dir, 'golden-sets'));
    config.write('golden-sets/acme.yaml', JSON.stringify({ queries }));
    for (const { query } of queries) glean.state.results.set(query, labels);
    await engine.begin({ settings: settings({ collectors: { glean: { queries_at_once: 20 } } }) });
    for (const source of ['jira', 'slack']) {
      glean.state.credentials.set(source, 'VALID');
      glean.state.lastIndexed.set(source, new Date(engine.clock.journey()).toISOString());
    }
    glean.state.insights.set('acme', (from_days) => ({
      monthlyActiveUsers: 80,
      employeeCount: 100,
      searchSummary: { numSearches: from_days === 30 ? 1_300 : 1_000 },
    }));
    await engine.start('acme');
    const { goals } = await until(
      () => engine.engine.show('acme'),
      ({ stage, goals: seen }) =>
        stage === 'production' && seen.every(({ health }: { health: string }) => health === 'on_track'),
    );
    expect(goals).toMatchObject([
      { metric: 'user_adoption', measured: 0.8 },
      { metric: 'query_volume_growth', measured: 0.3 },
    ]);
    const { evidence } = await engine.engine.call('evidence.show', { client_id: 'acme' });
    expect(new Set(evidence.map(({ origin }: { origin: string }) => origin))).toEqual(new Set(['collector:glean']));
  }, 90_000);

  test('S36 S37: journeys are published for those who are named, follow what happens, and leave with the client', async () => {
    const named = { allowed_users: ['ann@example.org'], allowed_groups: ['delivery'] };
    await engine.begin({ settings: settings({ glean_dashboard: named }) });
    await engine.start('acme');
    await engine.start('globex');
    await published('globex: sandbox');
    const acme = documents().find(({ title }) => title === 'acme: sandbox');
    expect(acme).toMatchObject({
      datasource: 'journeys',
      viewURL: 'https://journeys.example/api/v1/journeys/acme',
      permissions: {
        allowedUsers: [{ email: 'ann@example.org' }],
        allowedGroups: ['delivery'],
        allowAnonymousAccess: false,
        allowAllDatasourceUsersAccess: false,
      },
    });
    expect(new RegExp(glean.state.datasources.get('journeys')?.config.urlRegex as string).test(acme.viewURL)).toBe(
      true,
    );

    const pushes = () =>
      glean.asked
        .filter(({ path }) => path.endsWith('/indexdocuments'))
        .map(({ body }) => JSON.parse(body).documents.length as number);
    const before = pushes().length;
    await engine.engine.call('journey.complete', { client_id: 'acme', reason: 'it is over' });
    await published('acme: completed');
    // Of the two only the one that changed, however often it was looked at meanwhile.
    expect(pushes().slice(before)).toEqual([1]);

    await engine.engine.call('client.erase', { client_id: 'acme', reason: 'asked for' }, admin);
    await until(documents, (all) => all.length === 1);
    expect(documents().map(({ title }) => title)).toEqual(['globex: sandbox']);
    expect(JSON.stringify(documents())).not.toContain('acme');
  }, 90_000);
});
