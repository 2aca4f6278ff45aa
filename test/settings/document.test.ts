import { describe, expect, test } from 'vitest';
import { canonicalJson, configHash, readDocument } from '#settings/document.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { realConfig, seededConfig } from './seeded-config.ts';

const { document } = loadSettings({ env: {}, configDir: realConfig });

describe('the document', () => {
  test('S33: it is frozen all the way down', () => {
    expect(Object.isFrozen(document.stages[0]?.exit_criteria[0]?.parameters)).toBe(true);
    expect(Object.isFrozen(document.templates[0]?.tasks)).toBe(true);
  });

  test('S33, S45, S46: ports, secrets, workers, name and version do not move the hash, thresholds do', () => {
    using config = seededConfig();
    config.edit('journey-orchestrator.yaml', 'version: "1.0.0"', 'version: "2.0.0"');
    config.edit('journey-orchestrator.yaml', 'name: "journey-orchestrator"', 'name: "another"');
    config.edit('journey-orchestrator.yaml', 'worker_pool_size: 10', 'worker_pool_size: 11');
    config.edit('agents.yaml', '127.0.0.1:4101', '127.0.0.1:4199');
    const hashOf = (env: { readonly [name: string]: string }) =>
      configHash(loadSettings({ env, configDir: config.dir }).document);
    expect(loadSettings({ env: {}, configDir: config.dir })).toMatchObject({ name: 'another', version: '2.0.0' });
    expect(hashOf({ JOURNEY_HTTP_PORT: '9', JOURNEY_STATE_DB_PASSWORD: 'x' })).toBe(configHash(document));
    expect(hashOf({ SANDBOX_EXIT_SEARCH_QUALITY_MIN: '0.81' })).not.toBe(configHash(document));
  });

  test('it has 16 hexadecimal digits, whatever the order of the keys', () => {
    expect(configHash(document)).toMatch(/^[0-9a-f]{16}$/);
    const shuffled = Object.fromEntries(Object.entries(document).toReversed()) as typeof document;
    expect(configHash(shuffled)).toBe(configHash(document));
    expect(canonicalJson({ b: [2, { d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[2,{"c":null,"d":1}]}');
  });

  test('S33: a stored document reads back as the same, and a damaged one is refused', () => {
    const stored: unknown = JSON.parse(JSON.stringify(document));
    expect(configHash(readDocument(stored))).toBe(configHash(document));
    expect(() => readDocument({ ...document, stages: [] })).toThrow('stored configuration: stages is []');
  });
});
