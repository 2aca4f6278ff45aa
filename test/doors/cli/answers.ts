import type { z } from 'zod';
import type { listApprovals } from '#application/use-cases/list-approvals.ts';
import type { JourneyView } from '#application/view.ts';

export const journey: z.output<typeof JourneyView> = {
  client_id: 'client-123',
  run: 1,
  status: 'active',
  stage: 'sandbox',
  stage_name: 'Sandbox',
  stage_entry: 1,
  version: 7,
  queue_position: null,
  started_at: '2026-02-01T09:00:00.000Z',
  stage_started_at: '2026-02-01T09:00:00.000Z',
  day: 3,
  paused: null,
  paused_seconds: 0,
  duration_target_days: 15,
  duration: 'on_track',
  stage_age_seconds: 180_000,
  time_split: { waiting_on: 'client', client: 93_600, us: 0, agent: 86_400, approver: 0, paused: 0 },
  previous_stage: null,
  completed_stages: [],
  started_by: 'local-admin',
  config_hash: 'c0ffee',
  inputs: { data_sources: ['salesforce', 'jira'] },
  gate: 'shut',
  waiting_for: 'search_quality: the precision 0.74 is below 0.8.',
  criteria: [
    criterion('connectors_syncing', 'All Connectors Syncing', 'passed', 'syncing', 'syncing', 'All 2 connectors sync.'),
    criterion('search_quality', 'Search Quality Threshold', 'failed', 0.74, 0.8, 'The precision 0.74 is below 0.8.'),
    criterion('security_scan', 'Security Scan Passed', 'unknown', undefined, { max_critical: 0 }, 'No scan was seen.'),
    criterion('demo_approval', 'Client Demo Approved', 'skipped', undefined, undefined, 'Not required.'),
  ],
  goals: [],
  units: [
    {
      work_id: 'uow-client-123:1:sandbox_setup',
      template_id: 'sandbox_setup',
      name: 'Sandbox Environment Setup',
      status: 'in_progress',
      tasks: [
        { ...task('provision_infra', 'provision_sandbox_environment'), status: 'succeeded' },
        { ...task('install_connectors', 'install_connectors'), status: 'waiting_for_input', missing: ['connectors'] },
        {
          ...task('run_security_scan', 'run_security_scan'),
          status: 'failed',
          error: { code: 'task.failed', message: 'The scanner broke.' },
        },
      ],
    },
  ],
  not_undone: [],
  override: null,
  approval: {
    approval_id: 'apr-client-123:1:1',
    check_id: 'demo_approval',
    status: 'open',
    digest: 'd1g3st',
    requested_at: '2026-02-02T09:00:00.000Z',
    expires_at: '2026-02-09T09:00:00.000Z',
    votes: [],
    reminders: 0,
    decided_by: null,
    reason: null,
  },
};

type Outcome = z.output<typeof JourneyView>['criteria'][number]['outcome'];

/** In production, paused, with goals, with a task that nothing undid, and a wish to pass the gate. */
export const paused: z.output<typeof JourneyView> = {
  ...journey,
  status: 'paused',
  paused: { since: '2026-02-03T09:00:00.000Z', reason: 'The client moves offices.' },
  paused_seconds: 90_000,
  waiting_for: 'Resume: it is paused (The client moves offices.).',
  criteria: [],
  units: [],
  approval: null,
  goals: [
    goal('user_adoption', 'on_track', 0.8, 0.7, '0.8 of the users are active.'),
    goal('search_satisfaction', 'at_risk', 4.1, 4.5, 'Satisfaction is 4.1, under 4.5.'),
    goal('query_volume_growth', 'unknown', undefined, 0.2, 'There is no query_volume evidence yet.'),
  ],
  not_undone: ['pilot/setup_monitoring'],
  override: {
    override_id: 'ovr-client-123:1:9',
    requested_by: 'ann',
    reason: 'The survey comes late.',
    missing: ['user_satisfaction'],
    requested_at: '2026-02-02T09:00:00.000Z',
    expires_at: '2026-02-03T09:00:00.000Z',
    confirmable_by: 'A person with the role operator or approver, other than ann.',
  },
};

function goal(
  metric: string,
  health: 'on_track' | 'at_risk' | 'unknown',
  measured: unknown,
  target: number,
  message: string,
) {
  return { metric, name: metric, health, code: 'x', message, measured, target, window_days: 30, observed_at: null };
}

function criterion(
  check_id: string,
  name: string,
  outcome: Outcome,
  measured: unknown,
  target: unknown,
  message: string,
) {
  return { check_id, name, required: true, outcome, code: outcome, message, measured, target, observed_at: null };
}

function task(task_id: string, intent: string) {
  return { task_id, name: task_id, intent, attempt: 1, max_attempts: 4 };
}

export const approval: z.output<typeof listApprovals.output>['approvals'][number] = {
  approval_id: 'apr-client-123:1:1',
  client_id: 'client-123',
  stage: 'sandbox',
  check_id: 'demo_approval',
  status: 'open',
  digest: 'd1g3st',
  outcomes: { connectors_syncing: 'passed', search_quality: 'passed' },
  approvers: [],
  min_approvals: 1,
  votes: [],
  requested_at: '2026-02-02T09:00:00.000Z',
  expires_at: '2026-02-09T09:00:00.000Z',
  reminders: 0,
  reminded_at: null,
};

export const event = (seq: number) => ({
  seq,
  type: 'stage_entered',
  at: '2026-02-01T09:00:00.000Z',
  actor: 'local-admin',
  door: 'rest',
  request_id: `req-${seq}`,
  data: { stage: 'sandbox', kind: 'start' },
});

export const history = (seqs: readonly number[], next_after: number | null) => ({
  client_id: 'client-123',
  events: seqs.map(event),
  next_after,
});

const at = '2026-02-01T09:00:00.000Z';

export const listed = {
  client_id: 'client-123',
  status: 'active',
  stage: 'sandbox',
  stage_entry: 1,
  version: 1,
  day: 3,
  started_at: at,
  stage_started_at: at,
  paused_at: null,
};

export const unit = {
  work_id: 'uow-client-123:1:sandbox_setup',
  template_id: 'sandbox_setup',
  stage_entry: 1,
  status: 'in_progress',
  created_at: at,
  completed_at: null,
  tasks: [
    { ...worked('provision_infra'), status: 'succeeded' },
    { ...worked('install_connectors'), status: 'waiting_for_input', missing: ['connectors'] },
    {
      ...worked('provision_test_dataset'),
      status: 'input_required',
      asked: { needs: 'input', text: 'Which region?', answered: false },
    },
    {
      ...worked('run_security_scan'),
      status: 'planned',
      error: { code: 'task.failed', message: 'The scanner broke.' },
      retry_at: at,
    },
  ],
};

function worked(task_id: string) {
  return {
    task_id,
    name: task_id,
    intent: task_id,
    generation: 1,
    attempt: 1,
    error: null,
    missing: null,
    retry_at: null,
    asked: null,
  };
}

export const observation = {
  seq: 4,
  kind: 'search_quality',
  subject: '-',
  value: { precision: 0.86, k: 5, sampled: 200 },
  observed_at: at,
  source: 'eval-job-7',
  origin: 'operator:ann',
  recorded_by: 'ann',
  stage_entry: 1,
};

export const agents = [
  { agent_id: 'data-1', name: 'Data agent', url: 'http://data-1/', healthy: true, last_seen: at, problem: null },
  {
    agent_id: 'data-2',
    name: 'Data agent',
    url: 'http://data-2/',
    healthy: false,
    last_seen: null,
    problem: 'connection refused',
  },
];

export const sources = [
  { kind: 'well_known', url: 'http://data-1', state: 'ok', agents: 1, read_at: at, problem: null },
  {
    kind: 'catalogue',
    url: 'http://catalogue/ai',
    state: 'stale',
    agents: 1,
    read_at: at,
    problem: 'It answered HTTP 502.',
  },
];

export const breaker = {
  intent: 'provision_test_dataset',
  status: 'open',
  failures: null,
  opened_at: at,
  probes_from: at,
  probes: 0,
};

export const logEntry = {
  seq: 3,
  at,
  task: 'provision_infra',
  generation: 1,
  attempt: 2,
  type: 'task_claimed',
  message: 'Claimed by worker, until 2026-02-01T09:20:00.000Z at the latest.',
  actor: 'worker',
  door: 'rest',
  data: {},
};

export const auditEntry = {
  id: 'aud-1',
  at,
  actor: 'ann',
  door: 'cli',
  type: 'token_created',
  subject: 'ci',
  client_id: null,
  seq: null,
  request_id: 'req-1',
  data: { roles: ['operator'], clients: null },
};

export const token = {
  token_id: 'tok-1',
  name: 'ci',
  kind: 'user',
  roles: ['operator', 'approver'],
  clients: null,
  evidence_kinds: [],
  intents: null,
  groups: [],
  created_at: at,
  expires_at: null,
  revoked_at: null,
  last_used_at: at,
};

export const delivery = {
  delivery_id: 'dlv-client-123:crm:7',
  client_id: 'client-123',
  destination: 'crm',
  seq: 7,
  type: 'journey.promoted',
  state: 'dead',
  attempts: 10,
  problem: 'It answered HTTP 500.',
  created_at: at,
  last_attempt_at: at,
  next_attempt_at: null,
  delivered_at: null,
};
