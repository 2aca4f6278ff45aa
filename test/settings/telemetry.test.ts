import { expect, test } from 'vitest';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig } from './seeded-config.ts';

const load = (env: Environment) => loadSettings({ env, configDir: realConfig });
const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';

test('S44: nothing is traced unless a collector is named', () => {
  expect(load({ OTEL_SERVICE_NAME: 'ours' }).telemetry).toBeNull();
  expect(load({ OTEL_EXPORTER_OTLP_ENDPOINT }).telemetry).toEqual({
    endpoint: OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: {},
    serviceName: 'journey-orchestrator',
    ratio: 1,
  });
});

test('S44: headers come as pairs, may be encoded, and are never shown', () => {
  const settings = load({
    OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary==,x-tenant=acme',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  });
  expect(settings.telemetry).toMatchObject({
    headers: { authorization: 'Bearer canary==', 'x-tenant': 'acme' },
    ratio: 0.1,
  });
  expect(JSON.stringify([...settings.effective])).not.toContain('canary');
});

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' },
    'OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4317": must be an http or https URL',
  ],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG is "2": must be a number from 0 to 1'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'no-value' }, 'OTEL_EXPORTER_OTLP_HEADERS is (hidden): must be headers as name=value'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a b=canary' }, 'OTEL_EXPORTER_OTLP_HEADERS is (hidden)'],
])('S44: %j stops the start', (env, says) => {
  const message = messageOf({ env: { OTEL_EXPORTER_OTLP_ENDPOINT, ...env }, configDir: realConfig });
  expect(message).toContain(says);
  expect(message).not.toContain('canary');
});
