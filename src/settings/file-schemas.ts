import { z } from 'zod';
import { calendars } from '#core/calendar.ts';
import { backoffStrategies } from '#core/retry.ts';
import { fieldTypes } from '#core/work/schema.ts';
import { metricNames } from '#validators/success-metrics.ts';

const slugOf = (length: number) =>
  z.string().regex(new RegExp(`^[a-z0-9][a-z0-9_-]{0,${length - 1}}$`), {
    error: `must be 1 to ${length} of a-z 0-9 _ -, beginning with a letter or digit`,
  });
const slug = slugOf(64);
// The guide's tables keep a stage's id in varchar(50).
const stageId = slugOf(50);
const label = z.string().min(1).max(200);
const seconds = z.number().positive().max(2_592_000);
const hours = z.number().positive().max(87_600);

const timeouts = z
  .strictObject({
    stage_transition_seconds: seconds.default(300),
    task_execution_seconds: seconds.default(120),
    task_max_seconds: seconds.optional(),
    uow_seconds: seconds.optional(),
    exit_criteria_validation_seconds: seconds.default(30),
    rollback_initiation_seconds: seconds.default(600),
  })
  .refine(
    ({ task_execution_seconds, task_max_seconds = task_execution_seconds }) =>
      task_max_seconds >= task_execution_seconds,
    { path: ['task_max_seconds'], error: 'must not be less than task_execution_seconds' },
  );
const retry = z
  .strictObject({
    max_task_retries: z.int().min(0).max(100).default(3),
    backoff_strategy: z.enum(backoffStrategies).default('exponential'),
    initial_backoff_seconds: z.number().min(0).max(86_400).default(2),
    max_backoff_seconds: z.number().min(0).max(86_400).default(60),
  })
  .refine(({ initial_backoff_seconds, max_backoff_seconds }) => initial_backoff_seconds <= max_backoff_seconds, {
    path: ['initial_backoff_seconds'],
    error: 'must not be more than max_backoff_seconds',
  });
const circuitBreaker = z.strictObject({
  enabled: z.boolean().default(true),
  failure_threshold: z.int().min(1).max(1_000).default(5),
  timeout_seconds: seconds.default(60),
  half_open_max_requests: z.int().min(1).max(100).default(3),
});
const autoRollback = z.strictObject({
  max: z.int().min(1).max(100).default(1),
  window_days: z.number().positive().max(365).default(7),
});
const features = z.strictObject({
  auto_promotion_enabled: z.boolean().default(true),
  auto_rollback_enabled: z.boolean().default(true),
  glean_dashboard_enabled: z.boolean().default(true),
  metrics_publishing_enabled: z.boolean().default(true),
});
const kept = z.number().min(1).max(36_500).nullable();
/** Days; null: for good. */
const retention = z.strictObject({
  evidence_history_days: kept.default(null),
  completed_journeys_days: kept.default(null),
  deliveries_days: kept.default(30),
  idempotency_keys_days: kept.default(7),
});
const baseInterval = z.number().min(1).max(86_400).default(300);
const cronField = '[0-9A-Za-z*/,-]+';
const cron = z.string().regex(new RegExp(`^${cronField}( +${cronField}){4,5}$`), {
  error: 'must be a cron expression of five fields (or six, seconds first), as "* * * * *"',
});
const maxConcurrent = z.int().min(1).max(10_000_000).default(100);

export const orchestratorFile = z.strictObject({
  orchestrator: z.strictObject({
    name: label.default('journey-orchestrator'),
    version: label.default('1.0.0'),
    max_concurrent_journeys: maxConcurrent,
    worker_pool_size: z.int().min(1).max(1_000).default(10),
    timeouts: timeouts.prefault({}),
    retry: retry.prefault({}),
    circuit_breaker: circuitBreaker.prefault({}),
    features: features.prefault({}),
    retention: retention.prefault({}),
    auto_rollback: autoRollback.prefault({}),
    polling: z.strictObject({ cron: cron.default('* * * * *'), base_interval_seconds: baseInterval }).prefault({}),
  }),
});

const source = z.string().regex(/^(collector|operator)$|^(collector|operator|task|token):\S{1,128}$/, {
  error: 'must be collector, operator, collector:<name>, operator:<principal>, task:<agent_intent> or token:<name>',
});

const consecutive = z.int().min(1).max(1_000);

/** Validators and their parameters are checked against the registry afterwards, where the message can name both. */
const criterion = z.strictObject({
  check_id: slug,
  name: label,
  validator: z.string().min(1).max(100),
  parameters: z.record(z.string(), z.json()).default({}),
  required: z.boolean().default(true),
  accepted_sources: z.array(source).min(1).max(50).optional(),
  max_age_hours: hours.nullable().optional(),
  consecutive: consecutive.optional(),
  hold_for_hours: hours.optional(),
});

/** What brings a journey back: it must say for how long it has to fail, so that one bad figure never does. */
const rollbackCriterion = criterion
  .omit({ required: true, hold_for_hours: true })
  .extend({ for_hours: hours.optional() });

/**
 * A goal in the guide's own shape (`metric`, `target`, `window_days`) or in that of an exit criterion (`check_id`, `name`,
 * `validator`, `parameters`). That it has one of the two is checked afterwards, where the message can say so.
 */
const successMetric = z.strictObject({
  metric: z.enum(metricNames).optional(),
  target: z.number().min(-1_000_000).max(1_000_000).optional(),
  window_days: z.number().positive().max(365).optional(),
  check_id: slug.optional(),
  name: label.optional(),
  validator: z.string().min(1).max(100).optional(),
  parameters: z.record(z.string(), z.json()).optional(),
  accepted_sources: z.array(source).min(1).max(50).optional(),
  max_age_hours: hours.nullable().optional(),
});

const stage = z.strictObject({
  stage_id: stageId,
  name: label,
  order: z.int().min(1).max(1_000_000),
  duration_target_days: z.number().positive().max(3_650).nullable().default(null),
  calendar: z.enum(calendars).default('calendar'),
  auto_promotion: z.boolean().optional(),
  exit_criteria: z.array(criterion).max(50).default([]),
  rollback_criteria: z.array(rollbackCriterion).max(50).default([]),
  success_metrics: z.array(successMetric).max(50).default([]),
});
export const stagesFile = z.strictObject({ stages: z.array(stage).min(1).max(50) });

const fieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, {
  error: 'must be a name of 1 to 64 letters, digits and _, beginning with a letter',
});
const field = z.strictObject({
  type: z.enum(fieldTypes),
  required: z.boolean().optional(),
  default: z.json().optional(),
});
const fields = z.record(fieldName, field).default({});

const task = z.strictObject({
  task_id: slug,
  name: label,
  agent_intent: slug,
  input_schema: fields,
  output_schema: fields,
  depends_on: z.array(z.string().max(64)).max(200).default([]),
  retry_policy: z
    .strictObject({
      max_retries: z.int().min(0).max(100).optional(),
      backoff: z.enum(backoffStrategies).optional(),
    })
    .optional(),
  input_mapping: z
    .record(
      fieldName,
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}\.[A-Za-z][A-Za-z0-9_]{0,63}$/, {
        error: 'must be journey.<input>, <task_id>.<output> or <stage_id>.<output>',
      }),
    )
    .optional(),
  max_seconds: seconds.optional(),
  compensate_intent: slug.optional(),
});
const template = z.strictObject({
  template_id: slug,
  name: label,
  stage: z.string().max(64),
  uow_seconds: seconds.optional(),
  tasks: z.array(task).min(1).max(200),
});
export const templatesFile = z.strictObject({ templates: z.array(template).max(200) });

export const routeNames = ['a2a', 'pull', 'in_process'] as const;
const agent = z.strictObject({
  agent_id: slug,
  card_url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).max(2_000),
  intents: z.array(slug).min(1).max(200),
});
const origin = z
  .url({ protocol: /^https?$/, error: 'must be an origin, as https://agents.example.com' })
  .max(500)
  .refine((url) => !URL.canParse(url) || new URL(url).href === `${new URL(url).origin}/`, {
    error: 'must be an origin, as https://agents.example.com: scheme, host and port, and nothing else',
  });
export const agentsFile = z.strictObject({
  agents: z.array(agent).max(200).default([]),
  well_known: z.array(origin).max(100).default([]),
  allowed_origins: z.array(origin).max(100).default([]),
  aliases: z.record(slug, z.array(label).min(1).max(20)).default({}),
  routes: z.record(slug, z.enum(routeNames)).default({}),
  evidence: z
    .record(slug, z.string())
    .default({ run_security_scan: 'security_scan', install_connectors: 'connector_status' }),
});

/** What decides, as one document: the part of the files that is hashed, stored and pinned. */
export const documentSchema = z.strictObject({
  max_concurrent_journeys: maxConcurrent,
  timeouts,
  retry,
  circuit_breaker: circuitBreaker,
  features,
  auto_rollback: autoRollback.prefault({}),
  polling: z.strictObject({ base_interval_seconds: baseInterval }),
  stages: stagesFile.shape.stages,
  templates: templatesFile.shape.templates,
  evidence: agentsFile.shape.evidence,
});

export type OrchestratorFile = z.output<typeof orchestratorFile>;
export type StagesFile = z.output<typeof stagesFile>;
export type StageDocument = StagesFile['stages'][number];
export type CriterionDocument = StageDocument['exit_criteria'][number];
export type RollbackDocument = StageDocument['rollback_criteria'][number];
export type GoalDocument = StageDocument['success_metrics'][number];
export type TemplatesFile = z.output<typeof templatesFile>;
export type TemplateDocument = TemplatesFile['templates'][number];
export type TaskDocument = TemplateDocument['tasks'][number];
export type AgentsFile = z.output<typeof agentsFile>;
