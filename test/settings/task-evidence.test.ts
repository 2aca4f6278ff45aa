import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { EvidenceCriterion, Plan } from '#core/plan.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { realConfig, seededConfig } from './seeded-config.ts';

const plan = compilePlan(loadSettings({ env: {}, configDir: realConfig }).document);
const taskOf = (id: string, from: Plan = plan) =>
  from.stages.flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks)).find((task) => task.id === id);
const seenBy = (id: string, output: JsonObject) => taskOf(id)?.evidence?.observe(output);

const counts = (critical: number, high: number, medium = 0, low = 0) => [
  { subject: '-', value: { critical, high, medium, low } },
];

describe('what a task puts out, as evidence', () => {
  test("S87: the scan's own figures count", () => {
    const scan_result = { critical: 0, high: 2, medium: 5, low: 1, tool: 'trivy' };
    expect(seenBy('run_security_scan', { scan_result, vulnerabilities: [] })).toEqual(counts(0, 2, 5, 1));
  });

  test('S87: without figures the vulnerabilities are counted, an unknown severity as high', () => {
    const vulnerabilities = [
      { severity: 'CRITICAL' },
      { severity: 'high' },
      { severity: 'moderate' },
      { severity: 'low' },
      { severity: 'info' },
      { severity: 'grave' },
      'CVE-2026-1',
    ];
    expect(seenBy('run_security_scan', { scan_result: { status: 'done' }, vulnerabilities })).toEqual(
      counts(1, 3, 1, 1),
    );
    expect(seenBy('run_security_scan', { scan_result: { critical: 'no', high: -1 }, vulnerabilities: [] })).toEqual(
      counts(0, 0),
    );
  });

  test('S87: an output that says neither is no evidence', () => {
    expect(seenBy('run_security_scan', { scan_result: { status: 'done' } })).toEqual([]);
    expect(seenBy('run_security_scan', {})).toEqual([]);
  });

  test('S85: each installed connector is an observation; a bare name is syncing', () => {
    const installed_connectors = [
      'jira',
      { name: 'drive', status: 'pending' },
      { connector: 'slack', status: 'synced' },
      { name: 'wiki' },
    ];
    expect(seenBy('install_connectors', { installed_connectors })).toEqual([
      { subject: 'jira', value: { status: 'syncing' } },
      { subject: 'drive', value: { status: 'pending' } },
      { subject: 'slack', value: { status: 'synced' } },
      { subject: 'wiki', value: { status: 'syncing' } },
    ]);
  });

  test('S85: a status that is none is no evidence, and of two words about one connector the worse counts', () => {
    const odd = [{ name: 'jira', status: 'fine' }, { status: 'synced' }, 7, ''];
    expect(seenBy('install_connectors', { installed_connectors: odd })).toEqual([]);
    const twice = [
      { name: 'jira', status: 'synced' },
      { name: 'jira', status: 'error' },
    ];
    expect(seenBy('install_connectors', { installed_connectors: twice })).toEqual([
      { subject: 'jira', value: { status: 'error' } },
    ]);
    expect(seenBy('install_connectors', {})).toEqual([]);
  });

  test('a task whose intent is mapped to another kind speaks in the field of that name', () => {
    using config = seededConfig();
    config.edit('agents.yaml', 'evidence:', 'evidence:\n  setup_monitoring: performance');
    const other = compilePlan(loadSettings({ env: {}, configDir: config.dir }).document);
    const task = taskOf('setup_monitoring', other);
    const performance = { p95_ms: 100, error_rate: 0, requests: 1000 };
    expect(task?.evidence?.observe({ dashboard_url: 'https://x', performance })).toEqual([
      { subject: '-', value: performance },
    ]);
    expect(task?.evidence?.observe({ dashboard_url: 'https://x' })).toEqual([]);
    const criteria = other.stages.flatMap((stage) => stage.criteria);
    const criterion = criteria.find(({ checkId }) => checkId === 'performance_sla') as EvidenceCriterion;
    expect(criterion.acceptedSources).toContain('task:setup_monitoring');
  });

  test('tasks of other intents are no evidence', () => {
    expect(taskOf('provision_infra')?.evidence).toBeNull();
  });
});
