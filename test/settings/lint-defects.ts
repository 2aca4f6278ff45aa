import type { LintCode } from '#settings/findings.ts';
import type { Environment } from '#settings/environment.ts';
import { agents, orchestrator, stages, templates } from './defects.ts';

type Edit = readonly [file: string, from: string, to: string];

/** One thing that is valid and wrong: what it is, where it is put, and what the finding must say. */
export type LintDefect = {
  readonly title: string;
  readonly code: LintCode;
  readonly edits?: readonly Edit[];
  readonly env?: Environment;
  readonly at: string;
  readonly says: string;
  /** Findings that come with it because they are true as well. */
  readonly alsoFinds?: readonly LintCode[];
};

const scan = 'validator: "SecurityScanValidator"';
const scanTask = 'templates[sandbox_setup].tasks[run_security_scan]';
const eventStore = { JOURNEY_EVENT_STORE: 'kurrentdb', JOURNEY_EVENT_STORE_HOST: 'store.example.com' };
const criterion = (stage: string, check: string): string => `stages[${stage}].exit_criteria[${check}]`;

export const lintDefects: readonly LintDefect[] = [
  {
    title: 'S93: a required input that nothing produces',
    code: 'input.unproduced',
    edits: [
      [
        templates,
        'agent_intent: "run_security_scan"\n        input_schema:',
        'agent_intent: "run_security_scan"\n        input_schema:\n          policy_id: { type: "string", required: true }',
      ],
    ],
    at: `${scanTask}.input_schema.policy_id`,
    says: 'run_security_scan needs policy_id, which nothing produces. Give it at the start (--input policy_id=…)',
  },
  {
    title: 'S93: an input that is mapped to an output that its task does not declare',
    code: 'input.unproduced',
    edits: [
      [
        templates,
        'depends_on: ["provision_test_data"]',
        'depends_on: ["provision_test_data"]\n        input_mapping: { environment_id: provision_infra.env_id }',
      ],
    ],
    at: `${scanTask}.input_schema.environment_id`,
    says: 'needs environment_id (mapped to provision_infra.env_id), which nothing produces',
  },
  {
    title: 'S93: an input that is mapped to an input of the journey that no start must give',
    code: 'input.unproduced',
    edits: [
      [
        templates,
        'depends_on: ["provision_test_data"]',
        'depends_on: ["provision_test_data"]\n        input_mapping: { environment_id: journey.environment }',
      ],
    ],
    at: `${scanTask}.input_schema.environment_id`,
    says: '--input environment=…',
  },
  {
    title: 'S85: connectors that nothing produces are the data sources',
    code: 'input.from_data_sources',
    edits: [
      [
        templates,
        'agent_intent: "run_security_scan"\n        input_schema:',
        'agent_intent: "run_security_scan"\n        input_schema:\n          connectors: { type: "array", required: true }',
      ],
    ],
    at: `${scanTask}.input_schema.connectors`,
    says: "it is given the journey's data sources",
  },
  {
    title: 'S94: a stage without a template',
    code: 'stage.without_template',
    edits: [
      [
        stages,
        '  - stage_id: "production"',
        '  - stage_id: "rollout"\n    name: "Roll-out"\n    order: 9\n\n  - stage_id: "production"',
      ],
      [stages, 'order: 3', 'order: 10'],
      [
        stages,
        'name: "Roll-out"',
        'name: "Roll-out"\n    exit_criteria:\n      - { check_id: go, name: Go, validator: DemoApprovalValidator }',
      ],
    ],
    at: 'stages[rollout]',
    says: 'No template has work for rollout.',
  },
  {
    title: 'a stage that nothing guards',
    code: 'stage.no_required_criterion',
    edits: [
      [
        templates,
        '  - template_id: "pilot_setup"',
        '  - template_id: "trial_setup"\n    name: "Trial"\n    stage: "trial"\n    tasks:\n      - { task_id: look, name: Look, agent_intent: run_security_scan, input_schema: {}, output_schema: {} }\n\n  - template_id: "pilot_setup"',
      ],
      [
        stages,
        '  - stage_id: "pilot"',
        '  - stage_id: "trial"\n    name: "Trial"\n    order: 20\n    exit_criteria:\n      - { check_id: go, name: Go, validator: DemoApprovalValidator, required: false }\n\n  - stage_id: "pilot"',
      ],
      [stages, 'order: 2\n', 'order: 21\n'],
      [stages, 'order: 3\n', 'order: 30\n'],
    ],
    at: 'stages[trial].exit_criteria',
    says: 'Nothing guards the exit of trial but its work.',
  },
  {
    title: 'S62: rollback criteria where no journey is rolled back by itself',
    code: 'stage.rollback_switched_off',
    edits: [
      [orchestrator, 'auto_rollback_enabled: true', 'auto_rollback_enabled: false'],
      [
        stages,
        '    success_metrics:',
        '    rollback_criteria:\n      - check_id: scan\n        name: Scan\n        validator: SecurityScanValidator\n        parameters: { max_critical: 0, max_high: 5 }\n        consecutive: 2\n\n    success_metrics:',
      ],
    ],
    at: 'stages[production].rollback_criteria',
    says: 'production has rollback criteria, but features.auto_rollback_enabled is false',
  },
  {
    title: 'S82: criteria of the last stage',
    code: 'stage.criteria_never_judged',
    edits: [
      [
        stages,
        '    success_metrics:',
        '    exit_criteria:\n      - { check_id: go, name: Go, validator: DemoApprovalValidator }\n\n    success_metrics:',
      ],
    ],
    at: 'stages[production].exit_criteria',
    says: 'production is the last stage and has no exit, so its 1 criteria are never judged.',
  },
  {
    title: 'S78: a bug window longer than the stage',
    code: 'criterion.window_exceeds_target',
    edits: [[stages, 'window_days: 7', 'window_days: 16']],
    at: `${criterion('pilot', 'bug_window')}.parameters.window_days`,
    says: 'A window of 16 days is longer than the 15 days that pilot should take.',
  },
  {
    title: 'S79: a performance window longer than the stage',
    code: 'criterion.window_exceeds_target',
    edits: [[stages, 'error_rate_max: 0.01', 'error_rate_max: 0.01\n          window_minutes: 43200']],
    at: `${criterion('pilot', 'performance_sla')}.parameters.window_minutes`,
    says: 'A window of 43200 minutes is longer than the 15 days',
  },
  {
    title: 'a criterion that is to hold for longer than the stage',
    code: 'criterion.window_exceeds_target',
    edits: [[stages, scan, `${scan}\n        hold_for_hours: 400`]],
    at: `${criterion('sandbox', 'security_scan')}.hold_for_hours`,
    says: 'A window of 400 hours is longer than the 15 days that sandbox should take.',
  },
  {
    title: 'S77: more answers than a pilot has users',
    code: 'criterion.responses_exceed_cohort',
    edits: [
      [
        templates,
        'users: { type: "array", required: true }',
        'users: { type: "array", required: true }\n          pilot_cohort_size: { type: "number", default: 8 }',
      ],
    ],
    at: `${criterion('pilot', 'user_satisfaction')}.parameters.min_responses`,
    says: '10 answers are asked for, but a pilot has 8 users',
  },
  {
    title: 'a source whose output counts for something else',
    code: 'criterion.source_unknown',
    edits: [[stages, scan, `${scan}\n        accepted_sources: [collector, "task:install_connectors"]`]],
    at: `${criterion('sandbox', 'security_scan')}.accepted_sources`,
    says: 'the outputs of install_connectors do not count for security_scan',
  },
  {
    title: 'a source that no task is',
    code: 'criterion.source_unknown',
    edits: [[stages, scan, `${scan}\n        accepted_sources: [collector, "task:run_security_scans"]`]],
    at: `${criterion('sandbox', 'security_scan')}.accepted_sources`,
    says: 'no task has that intent',
  },
  {
    title: 'S62: a source of a rollback criterion that no task is',
    code: 'criterion.source_unknown',
    edits: [
      [
        stages,
        '    success_metrics:',
        '    rollback_criteria:\n      - check_id: scan\n        name: Scan\n        validator: SecurityScanValidator\n        parameters: { max_critical: 0, max_high: 5 }\n        consecutive: 2\n        accepted_sources: ["task:scan_again"]\n\n    success_metrics:',
      ],
    ],
    at: 'stages[production].rollback_criteria[scan].accepted_sources',
    says: 'task:scan_again is accepted, but no task has that intent.',
  },
  {
    title: 'S53: retries that outlast the stage',
    code: 'template.retries_exceed_target',
    edits: [
      [templates, 'max_retries: 2', 'max_retries: 100'],
      [orchestrator, 'task_execution_seconds: 120', 'task_execution_seconds: 1300'],
    ],
    at: 'templates[sandbox_setup]',
    says: 'With every retry used up its work takes 16.8 days; sandbox should take 15 days.',
  },
  {
    title: 'S98: an intent that no agent offers',
    code: 'intent.no_agent',
    edits: [[agents, ', run_security_scan]', ']']],
    at: `${scanTask}.agent_intent`,
    says: 'No agent offers run_security_scan, which run_security_scan needs.',
  },
  {
    title: 'S95: a compensation that no agent offers',
    code: 'intent.no_agent',
    edits: [
      [
        templates,
        'agent_intent: "install_connectors"',
        'agent_intent: "install_connectors"\n        compensate_intent: "remove_connectors"',
      ],
    ],
    at: 'templates[sandbox_setup].tasks[install_connectors].compensate_intent',
    says: 'No agent offers remove_connectors, which install_connectors needs.',
  },
  {
    title: 'S42: a route of notices for a stage that is not there',
    code: 'notifications.stage_unknown',
    edits: [
      [
        'notifications.yaml',
        'routes: []',
        'routes:\n    - { route_id: ops, email: [ops@example.com], stages: [sandbox, pillot] }',
      ],
    ],
    at: 'notifications.routes[ops].stages',
    says: 'There is no stage pillot. Name one of stages.yaml: did you mean "pilot"?',
  },
  {
    title: 'S33: a variable that differs from its key',
    code: 'environment.differs',
    env: { PILOT_EXIT_BUG_WINDOW_DAYS: '5' },
    at: 'PILOT_EXIT_BUG_WINDOW_DAYS',
    says: 'It is 5, which differs from stages[1].exit_criteria[2].parameters.window_days',
  },
  {
    title: 'a misspelt variable',
    code: 'environment.unknown',
    env: { JOURNEY_MAX_CONCURENT: '5' },
    at: 'JOURNEY_MAX_CONCURENT',
    says: 'Did you mean JOURNEY_MAX_CONCURRENT?',
  },
  {
    title: 'evidence that is brought more seldom than it counts',
    code: 'collector.refresh_exceeds_age',
    edits: [['collectors.yaml', 'collectors: {}', 'collectors: { prometheus: { refresh_minutes: 1500 } }']],
    at: 'collectors.prometheus.refresh_minutes',
    says: 'It is brought every 1500 minutes, but counts for 24 hours for performance_sla of pilot.',
  },
  {
    title: "S34: the guide's own endpoint of Glean",
    code: 'glean.no_instance',
    edits: [['collectors.yaml', 'collectors: {}', 'glean_dashboard: { allowed_groups: [delivery] }']],
    env: {
      GLEAN_API_ENDPOINT: 'https://api.glean.com/v1',
      GLEAN_SERVICE_ACCOUNT: 'a-token',
      JOURNEY_PUBLIC_URL: 'https://journeys.example',
    },
    at: 'GLEAN_API_ENDPOINT',
    says: 'api.glean.com is no server of Glean',
  },
  {
    title: 'S36: journeys that are published for nobody',
    code: 'glean.dashboard_for_nobody',
    env: { GLEAN_INSTANCE: 'acme', GLEAN_SERVICE_ACCOUNT: 'a-token' },
    at: 'glean_dashboard',
    says: 'nobody is named who may see them there',
  },
  {
    title: 'S14: the event store as admin',
    code: 'event_store.superuser',
    env: { ...eventStore, JOURNEY_EVENT_STORE_USER: 'admin', JOURNEY_EVENT_STORE_PASSWORD: 'changeit' },
    at: 'JOURNEY_EVENT_STORE_USER',
    says: 'admin may do everything in the event store.',
  },
  {
    title: 'S15: the event store without TLS',
    code: 'event_store.unencrypted',
    env: { ...eventStore, JOURNEY_EVENT_STORE_TLS: 'false' },
    at: 'JOURNEY_EVENT_STORE_TLS',
    says: 'Events travel unencrypted',
  },
];
