import { describe, expect, test } from 'vitest';
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
