import { agentVariables } from './agent-variables.ts';
import { collectorVariables } from './collector-variables.ts';
import { identityVariables } from './identity-variables.ts';
import { notificationVariables } from './notification-variables.ts';
import { eventStore, telemetry } from './observer-variables.ts';
import { trackerVariables } from './tracker-variables.ts';
import { port, secret, variable, type Step, type Variable } from './variable.ts';

export type { Step, Variable } from './variable.ts';

const overYaml = (name: string, type: Variable['type'], file: string, steps: readonly Step[], doc: string): Variable =>
  variable(name, type, stepsText(steps), doc, { yaml: { file, steps } });
const ofOrchestrator = (name: string, type: Variable['type'], steps: readonly Step[], doc: string): Variable => ({
  ...overYaml(name, type, 'journey-orchestrator.yaml', ['orchestrator', ...steps], doc),
  mapsTo: stepsText(steps),
});
const ofStage = (name: string, type: Variable['type'], stage: string, steps: readonly Step[], doc: string): Variable =>
  overYaml(name, type, 'stages.yaml', ['stages', ['stage_id', stage], ...steps], doc);
const ofCheck = (name: string, type: Variable['type'], stage: string, check: string, parameter: string, doc: string) =>
  ofStage(name, type, stage, ['exit_criteria', ['check_id', check], 'parameters', parameter], doc);
const ofGoal = (name: string, metric: string, doc: string): Variable =>
  ofStage(name, 'number', 'production', ['success_metrics', ['metric', metric], 'target'], doc);

/** `stages[sandbox].exit_criteria[search_quality].parameters.min_precision` */
export function stepsText(steps: readonly Step[]): string {
  return steps
    .map((step) => (typeof step === 'string' ? `.${step}` : `[${step[1]}]`))
    .join('')
    .replace(/^\./, '');
}

const server: readonly Variable[] = [
  variable(
    'JOURNEY_ORCHESTRATOR_ENABLED',
    'boolean',
    'enabled',
    'false: the doors and health serve, nothing is polled or dispatched.',
    { default: true },
  ),
  variable(
    'JOURNEY_HTTP_HOST',
    'text',
    'http.host',
    'The address to listen on: 127.0.0.1 unless JOURNEY_BOOTSTRAP_TOKEN is set, then 0.0.0.0.',
  ),
  variable('JOURNEY_HTTP_PORT', 'integer', 'http.port', 'The port to listen on; 0 takes any free one.', {
    default: 8080,
    min: 0,
    max: 65_535,
  }),
  variable('JOURNEY_PUBLIC_URL', 'url', 'http.publicUrl', 'The URL under which others reach this server, for links.'),
  variable(
    'JOURNEY_BOOTSTRAP_TOKEN',
    'text',
    'bootstrapToken',
    "The first administrator's token of a cluster; at least 16 characters.",
    { ...secret, min: 16 },
  ),
  variable(
    'JOURNEY_MCP_ALLOWED_HOSTS',
    'text',
    'mcp.allowedHosts',
    'Host names under which /mcp may be reached, as a,b; unless set those of this machine, JOURNEY_HTTP_HOST and JOURNEY_PUBLIC_URL.',
  ),
  variable(
    'JOURNEY_MCP_ALLOWED_ORIGINS',
    'text',
    'mcp.allowedOrigins',
    'Host names of the web pages that may call /mcp, as a,b; unless set the same as for hosts.',
  ),
  variable(
    'JOURNEY_MCP_CALLS_PER_SECOND',
    'integer',
    'mcp.callsPerSecond',
    'Calls of /mcp that one principal may make a second on average, a process; ten times that at once.',
    { default: 50, min: 1, max: 100_000 },
  ),
  variable('JOURNEY_DATA_DIR', 'text', 'store.dataDir', 'The embedded database and the local tokens.', {
    default: './.journey',
  }),
  variable('JOURNEY_CONFIG_DIR', 'text', 'configDir', 'The folder of the YAML files.', { default: './config' }),
  variable(
    'JOURNEY_CONFIG_STRICT',
    'boolean',
    'strict',
    'true: a variable that differs from its YAML key stops the start, or a reload.',
    { default: false },
  ),
  variable('JOURNEY_LOG_LEVEL', 'choice', 'logLevel', 'The least level that is logged.', {
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
  }),
  variable('JOURNEY_TASK_LEASE_SECONDS', 'number', 'lease_ms', 'How long a process that fell silent keeps its work.', {
    default: 5,
    min: 1,
    max: 3_600,
  }),
  variable('JOURNEY_STATE_STORE', 'choice', 'store.kind', 'Where the state lives.', {
    default: 'embedded',
    choices: ['embedded', 'postgresql'],
  }),
  variable(
    'JOURNEY_STATE_DB_HOST',
    'text',
    'store.host',
    'The PostgreSQL server; required with JOURNEY_STATE_STORE=postgresql.',
  ),
  variable('JOURNEY_STATE_DB_PORT', 'integer', 'store.port', 'Its port.', { default: 5432, ...port }),
  variable('JOURNEY_STATE_DB_NAME', 'text', 'store.name', 'The database.', { default: 'journey_state' }),
  variable('JOURNEY_STATE_DB_USER', 'text', 'store.user', 'The user of the running server: no DDL needed.', {
    default: 'journey_orchestrator',
  }),
  variable('JOURNEY_STATE_DB_PASSWORD', 'text', 'store.password', "That user's password.", secret),
  variable(
    'JOURNEY_STATE_DB_SSLMODE',
    'choice',
    'store.sslmode',
    'disable, prefer (encrypted where the server can), require (certificate not checked) or verify-full.',
    { default: 'prefer', choices: ['disable', 'prefer', 'require', 'verify-full'] },
  ),
  variable('JOURNEY_STATE_DB_POOL_MAX', 'integer', 'store.poolMax', 'Connections at most, a process.', {
    default: 10,
    min: 1,
    max: 1_000,
  }),
  variable(
    'JOURNEY_STATE_DB_MIGRATION_USER',
    'text',
    'store.migrationUser',
    'The user that migrates; without it JOURNEY_STATE_DB_USER does.',
  ),
  variable('JOURNEY_STATE_DB_MIGRATION_PASSWORD', 'text', 'store.migrationPassword', "That user's password.", secret),
  variable('CRM_WEBHOOK_ENABLED', 'boolean', 'crm', 'true: every transition of a journey is sent to the CRM.', {
    default: false,
  }),
  variable('CRM_WEBHOOK_URL', 'url', 'crm.url', 'Where it is sent; required with CRM_WEBHOOK_ENABLED=true.'),
  variable(
    'CRM_WEBHOOK_SECRET',
    'text',
    'crm.secrets',
    'What it is signed with: whsec_ and base64, or text of at least 16 characters; a,b while a secret is being replaced.',
    secret,
  ),
  variable('CRM_WEBHOOK_HUB_SIGNATURE', 'boolean', 'crm.hubSignature', 'true: X-Hub-Signature-256 is sent as well.', {
    default: false,
  }),
  variable(
    'JOURNEY_OUTBOUND_ALLOWED_NETWORKS',
    'text',
    'outbound.allowedNetworks',
    'Networks that webhooks may go to though they are not public, as 10.0.0.0/8,fd00::/8; http and any port are allowed there.',
  ),
  variable(
    'JOURNEY_OUTBOUND_PORTS',
    'text',
    'outbound.ports',
    'The ports of public addresses that webhooks may go to.',
    {
      default: '443',
    },
  ),
  ofOrchestrator(
    'JOURNEY_MAX_CONCURRENT',
    'integer',
    ['max_concurrent_journeys'],
    'Journeys active at once in stages that have an exit, over all replicas.',
  ),
  ofOrchestrator(
    'JOURNEY_STAGE_TRANSITION_TIMEOUT',
    'number',
    ['timeouts', 'stage_transition_seconds'],
    'Seconds from the decision to the committed entry.',
  ),
  ofOrchestrator(
    'JOURNEY_UOW_TASK_TIMEOUT',
    'number',
    ['timeouts', 'task_execution_seconds'],
    'Seconds without a sign of life that one attempt of a task may take.',
  ),
  ofOrchestrator(
    'GLEAN_DASHBOARD_ENABLED',
    'boolean',
    ['features', 'glean_dashboard_enabled'],
    'Whether journeys are published to Glean.',
  ),
  ofOrchestrator('JOURNEY_POLLING_CRON', 'text', ['polling', 'cron'], 'When due journeys are looked for.'),
];

const stages: readonly Variable[] = [
  ofStage(
    'SANDBOX_DURATION_TARGET_DAYS',
    'number',
    'sandbox',
    ['duration_target_days'],
    'Days that the sandbox should take at most.',
  ),
  ofCheck(
    'SANDBOX_EXIT_SEARCH_QUALITY_MIN',
    'number',
    'sandbox',
    'search_quality',
    'min_precision',
    'Least precision to leave the sandbox.',
  ),
  ofCheck(
    'SANDBOX_EXIT_SECURITY_CRITICAL_MAX',
    'integer',
    'sandbox',
    'security_scan',
    'max_critical',
    'Critical findings at most.',
  ),
  ofCheck(
    'SANDBOX_EXIT_DEMO_APPROVAL_REQUIRED',
    'boolean',
    'sandbox',
    'demo_approval',
    'required',
    'false: the demo needs no approval.',
  ),
  ofStage(
    'PILOT_DURATION_TARGET_DAYS',
    'number',
    'pilot',
    ['duration_target_days'],
    'Days that the pilot should take at most.',
  ),
  ofCheck(
    'PILOT_EXIT_SEARCH_QUALITY_MIN',
    'number',
    'pilot',
    'search_quality',
    'min_precision',
    'Least precision to leave the pilot.',
  ),
  ofCheck(
    'PILOT_EXIT_USER_SATISFACTION_MIN',
    'number',
    'pilot',
    'user_satisfaction',
    'min_score',
    'Least mean score of the survey.',
  ),
  ofCheck('PILOT_EXIT_BUG_WINDOW_DAYS', 'number', 'pilot', 'bug_window', 'window_days', 'Days without too many bugs.'),
  ofCheck(
    'PILOT_EXIT_P95_LATENCY_MAX_MS',
    'number',
    'pilot',
    'performance_sla',
    'p95_latency_max_ms',
    'p95 latency at most, in milliseconds.',
  ),
  ofGoal('PRODUCTION_ADOPTION_TARGET', 'user_adoption', 'Share of the users who should be active.'),
  ofGoal('PRODUCTION_SATISFACTION_TARGET', 'search_satisfaction', 'Satisfaction to aim at.'),
  ofGoal(
    'PRODUCTION_GROWTH_TARGET',
    'query_volume_growth',
    'Growth of the query volume to aim at, a window against the one before.',
  ),
];

const slack: readonly Variable[] = [
  variable(
    'SLACK_BOT_TOKEN',
    'text',
    'slack.botToken',
    "The Slack app's bot token (xoxb-…); without it there is no Slack.",
    {
      ...secret,
      min: 8,
    },
  ),
  variable(
    'SLACK_SIGNING_SECRET',
    'text',
    'slack.signingSecrets',
    'What Slack signs its requests with; several, separated by commas, while one is rotated.',
    { ...secret, min: 8 },
  ),
  variable(
    'SLACK_APP_TOKEN',
    'text',
    'slack.appToken',
    'The app-level token (xapp-…) for Socket Mode: no public URL.',
    {
      ...secret,
      min: 8,
    },
  ),
  variable('SLACK_API_URL', 'url', 'slack.apiUrl', "Slack's Web API.", { default: 'https://slack.com/api/' }),
  variable(
    'SLACK_ADMINS',
    'text',
    'slack.admins',
    'User ids of the first admins, separated by commas, as U012AB3CD or T012AB3CD/U012AB3CD; they map the others.',
  ),
  variable(
    'SLACK_CHANNEL',
    'text',
    'slack.channel',
    'The id of the channel that hears of journeys, as C012AB3CD; without it Slack is only answered.',
  ),
  variable(
    'SLACK_STAGE_CHANNELS',
    'text',
    'slack.stageChannels',
    'Other channels for some stages, as pilot=C012AB3CD,production=C045EF6GH.',
  ),
  variable(
    'SLACK_GROUP_ROLES',
    'text',
    'slack.groupRoles',
    'Roles by user group, as S012AB3CD=approver,S045EF6GH=operator+viewer.',
  ),
];

const cli: readonly Variable[] = [
  variable('JOURNEY_API_URL', 'url', 'cli.server', 'The server that journey-cli speaks to.', { usedBy: 'cli' }),
  variable('JOURNEY_API_TOKEN', 'text', 'cli.token', 'The token that journey-cli shows.', { ...secret, usedBy: 'cli' }),
];

/** Every variable there is, in the order of the reference table. */
export const variables: readonly Variable[] = [
  ...server,
  ...agentVariables,
  ...collectorVariables,
  ...trackerVariables,
  ...identityVariables,
  ...slack,
  ...notificationVariables,
  ...eventStore,
  ...telemetry,
  ...stages,
  ...cli,
];
