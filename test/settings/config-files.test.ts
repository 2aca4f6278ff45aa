import { describe, expect, test } from 'vitest';
import { configFileNames } from '#application/config-ports.ts';
import { configFiles } from '#settings/config-texts.ts';
import { jsonSchemas } from '#settings/json-schemas.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig, seededConfig } from './seeded-config.ts';

const stages = 'stages.yaml';
const templates = 'unit-of-work-templates.yaml';
const orchestrator = 'journey-orchestrator.yaml';
const agents = 'agents.yaml';

describe('the files as they are shipped', () => {
  const settings = loadSettings({ env: {}, configDir: realConfig });

  test("S45 to S65: journey-orchestrator.yaml says what the guide's does", () => {
    expect(settings).toMatchObject({ name: 'journey-orchestrator', version: '1.0.0', workerPoolSize: 10 });
    expect(settings.document).toMatchObject({
      max_concurrent_journeys: 100,
      timeouts: {
        stage_transition_seconds: 300,
        task_execution_seconds: 120,
        exit_criteria_validation_seconds: 30,
        rollback_initiation_seconds: 600,
      },
      retry: {
        max_task_retries: 3,
        backoff_strategy: 'exponential',
        initial_backoff_seconds: 2,
        max_backoff_seconds: 60,
      },
      circuit_breaker: { enabled: true, failure_threshold: 5, timeout_seconds: 60, half_open_max_requests: 3 },
      features: {
        auto_promotion_enabled: true,
        auto_rollback_enabled: true,
        glean_dashboard_enabled: true,
        metrics_publishing_enabled: true,
      },
      polling: { base_interval_seconds: 300 },
    });
  });

  test("S67 to S80: stages.yaml says what the guide's does", () => {
    const { document } = settings;
    expect(
      document.stages.map(({ stage_id, order, duration_target_days }) => [stage_id, order, duration_target_days]),
    ).toEqual([
      ['sandbox', 1, 15],
      ['pilot', 2, 15],
      ['production', 3, null],
    ]);
    expect(document.stages.map(({ exit_criteria }) => exit_criteria.map(({ check_id }) => check_id))).toEqual([
      ['connectors_syncing', 'search_quality', 'security_scan', 'demo_approval'],
      ['search_quality', 'user_satisfaction', 'bug_window', 'performance_sla'],
      [],
    ]);
    expect(document.stages[2]?.success_metrics).toEqual([
      { metric: 'user_adoption', target: 0.7, window_days: 30 },
      { metric: 'search_satisfaction', target: 4.5, window_days: 30 },
      { metric: 'query_volume_growth', target: 0.2, window_days: 30 },
    ]);
  });

  test("S83 to S91: unit-of-work-templates.yaml says what the guide's does", () => {
    const tasks = settings.document.templates.map(({ template_id, tasks: all }) => [
      template_id,
      ...all.map(({ task_id }) => task_id),
    ]);
    expect(tasks).toEqual([
      ['sandbox_setup', 'provision_infra', 'install_connectors', 'provision_test_data', 'run_security_scan'],
      ['pilot_setup', 'deploy_to_production', 'configure_user_access', 'setup_monitoring'],
    ]);
  });

  test('agents.yaml names the agents, and without the file there are none', () => {
    expect(settings.agents.agents.map(({ agentId }) => agentId)).toEqual(['provisioning-agent', 'deployment-agent']);
    expect(settings.agents.routes).toEqual({});
    using config = seededConfig();
    config.remove(agents);
    const without = loadSettings({ env: {}, configDir: config.dir });
    expect(without.agents).toEqual({ agents: [], routes: {} });
    expect(without.document).toEqual(settings.document);
  });
});

test.each([
  ['S63', 'glean_dashboard_enabled'],
  ['S64', 'metrics_publishing_enabled'],
] as const)('%s: %s decides, may be false, and is nothing but true or false', (_, feature) => {
  using config = seededConfig();
  config.edit(orchestrator, `${feature}: true`, `${feature}: false`);
  const { document } = loadSettings({ env: {}, configDir: config.dir });
  expect(document.features[feature]).toBe(false);
  config.edit(orchestrator, `${feature}: false`, `${feature}: "yes"`);
  expect(messageOf({ env: {}, configDir: config.dir })).toContain(`orchestrator.features.${feature} is "yes"`);
});

test('S66: each file has a JSON Schema that forbids unknown keys', () => {
  const schemas = jsonSchemas();
  expect(Object.keys(schemas)).toEqual([
    orchestrator,
    stages,
    templates,
    agents,
    'collectors.yaml',
    'notifications.yaml',
  ]);
  for (const schema of Object.values(schemas))
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
});

test('the files are called alike by those who send them and those who read them', () => {
  expect(configFileNames).toEqual(configFiles);
});
