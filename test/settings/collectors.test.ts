import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readGoldenSet } from '#settings/golden-sets.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, seededConfig } from './seeded-config.ts';

const file = 'collectors.yaml';

describe('collectors.yaml', () => {
  test('without its variable a collector asks nobody, and without the file everything has its default', () => {
    using config = seededConfig();
    expect(loadSettings({ env: {}, configDir: config.dir }).collectors.prometheus).toBeNull();
    config.remove(file);
    expect(
      loadSettings({ env: { PROMETHEUS_URL: 'http://prometheus:9090' }, configDir: config.dir }).collectors.prometheus,
    ).toMatchObject({ url: 'http://prometheus:9090', refresh_ms: 900_000, concurrency: 4, callsPerMinute: 120 });
  });

  test.each([
    ['up', 'must name the client'],
    ['sum(up{client_id=~"{client_id}"}[{window}])', 'only as the value of a label'],
    ["sum(up{client_id='{client_id}'}[{window}])", 'only as the value of a label'],
    ['sum(up{client_id="{client_id}"}[5m])', 'must measure over [{window}]'],
  ])('refuses the template %s', (query, allowed) => {
    using config = seededConfig();
    config.write(file, JSON.stringify({ collectors: { prometheus: { queries: { requests: query } } } }));
    const message = messageOf({ env: {}, configDir: config.dir });
    expect(message).toContain('collectors.prometheus.queries.requests');
    expect(message).toContain(allowed);
  });

  test('refuses unknown keys and credentials in a URL', () => {
    using config = seededConfig();
    config.write(file, JSON.stringify({ collectors: { prometheus: { refresh_minute: 5 } } }));
    const message = messageOf({ env: { PROMETHEUS_URL: 'http://ann:secret@prometheus' }, configDir: config.dir });
    expect(message).toContain(
      'collectors.prometheus.refresh_minute is 5: unknown key; did you mean "refresh_minutes"?',
    );
    expect(message).toContain('PROMETHEUS_URL');
    expect(message).toContain('PROMETHEUS_TOKEN does');
    expect(message).not.toContain('secret');
  });
});

const glean = { GLEAN_INSTANCE: 'acme', GLEAN_SERVICE_ACCOUNT: 'a-token', JOURNEY_PUBLIC_URL: 'https://j.example' };
const named = JSON.stringify({ glean_dashboard: { allowed_groups: ['delivery'] } });

describe('Glean', () => {
  test('S34 S35: is asked at its endpoint or its instance, and indexed with a token of its own where there is one', () => {
    using config = seededConfig();
    const settingsOf = (env: Record<string, string>) => loadSettings({ env, configDir: config.dir }).collectors.glean;
    expect(settingsOf({})).toBeNull();
    expect(settingsOf(glean)).toMatchObject({
      url: 'https://acme-be.glean.com',
      token: 'a-token',
      indexingToken: 'a-token',
    });
    const both = { ...glean, GLEAN_API_ENDPOINT: 'https://proxy.example/glean', GLEAN_INDEXING_TOKEN: 'another' };
    expect(settingsOf(both)).toMatchObject({ url: 'https://proxy.example/glean', indexingToken: 'another' });
  });

  test.each([
    [{ GLEAN_INSTANCE: 'acme' }, 'GLEAN_SERVICE_ACCOUNT: missing although Glean is named'],
    [{ GLEAN_SERVICE_ACCOUNT: 'a-token' }, 'GLEAN_API_ENDPOINT: missing although GLEAN_SERVICE_ACCOUNT is set'],
    [{ ...glean, GLEAN_INSTANCE: 'acme-be.glean.com' }, 'must be the name alone, as acme'],
    [{ ...glean, GLEAN_METRICS_PUBLISH_INTERVAL: '1' }, 'GLEAN_METRICS_PUBLISH_INTERVAL'],
  ])('%j is refused: %s', (env, says) => {
    expect(messageOf({ env })).toContain(says);
  });

  test('S36 S37 S63 S64: journeys are published only if both features are on and somebody may see them', () => {
    using config = seededConfig();
    const dashboard = (env: Record<string, string> = {}) =>
      loadSettings({ env: { ...glean, ...env }, configDir: config.dir }).collectors.glean?.dashboard;
    expect(dashboard()).toBeNull();
    config.write(file, named);
    expect(dashboard()).toMatchObject({ datasource: 'journeys', allowedGroups: ['delivery'], every_ms: 60_000 });
    expect(dashboard({ GLEAN_METRICS_PUBLISH_INTERVAL: '300' })).toMatchObject({ every_ms: 300_000 });
    expect(dashboard({ GLEAN_DASHBOARD_ENABLED: 'false' })).toBeNull();
    config.edit('journey-orchestrator.yaml', 'metrics_publishing_enabled: true', 'metrics_publishing_enabled: false');
    expect(dashboard()).toBeNull();
  });

  test('S36: what is published leads somewhere, or nothing starts', () => {
    using config = seededConfig();
    config.write(file, named);
    const { JOURNEY_PUBLIC_URL: _, ...nowhere } = glean;
    expect(messageOf({ env: nowhere, configDir: config.dir })).toContain('JOURNEY_PUBLIC_URL: missing');
  });
});

describe('S73: a golden set', () => {
  test.each([
    ['without labels', { queries: [{ query: 'vpn' }, { query: 'wifi', relevant: [] }] }, 'has no labels'],
    [
      'with a query twice',
      {
        queries: [
          { query: 'vpn', relevant: ['a'] },
          { query: 'vpn', relevant: ['b'] },
        ],
      },
      'has the query "vpn" twice',
    ],
    ['without queries', { queries: [] }, 'must hold at least one query'],
    ['with an unknown key', { queries: [{ query: 'vpn', relevent: ['a'] }] }, 'relevent'],
    ['that is no YAML', '{', 'cannot be read'],
  ])('%s is refused at the start, and unknown while the server runs', (_, content, says) => {
    using config = seededConfig();
    mkdirSync(join(config.dir, 'golden-sets'));
    config.write('golden-sets/acme.yaml', typeof content === 'string' ? content : JSON.stringify(content));
    expect(messageOf({ env: glean, configDir: config.dir })).toContain(says);
    const read = readGoldenSet(join(config.dir, 'golden-sets'), 'acme');
    expect('problem' in read && read.problem).toContain(says);
    // Where nobody reads it, it is in nobody's way.
    expect(loadSettings({ env: {}, configDir: config.dir }).collectors.glean).toBeNull();
  });

  test('may come while the server runs', () => {
    using config = seededConfig();
    const dir = join(config.dir, 'golden-sets');
    expect(readGoldenSet(dir, 'acme')).toMatchObject({ problem: expect.stringContaining('there is no golden set') });
    mkdirSync(dir);
    config.write('golden-sets/acme.yaml', 'queries:\n  - query: vpn\n    relevant: [doc-1]\n');
    expect(readGoldenSet(dir, 'acme')).toEqual({ queries: [{ query: 'vpn', relevant: ['doc-1'] }] });
  });
});
