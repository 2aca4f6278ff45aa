import type { FieldSchema } from '#core/work/schema.ts';
import type { Criterion, Goal, Plan, StagePlan, TaskPlan, WorkTemplate } from '#core/plan.ts';
import type { RetryPolicy } from '#core/retry.ts';
import { DAY, SECOND } from '#core/time.ts';
import { validators } from '#validators/registry.ts';
import { nodesOf } from './check-templates.ts';
import { configHash, type ConfigDocument } from './document.ts';
import { goalMetrics, type CriterionDocument, type TaskDocument, type TemplateDocument } from './file-schemas.ts';
import { taskEvidence } from './task-evidence.ts';
import { ancestorsOf, taskOrder } from './task-order.ts';

type StageConfig = ConfigDocument['stages'][number];

/** The document with its judges bound and its tasks in order. The document must be valid, as `loadSettings` and `readDocument` give it. */
export function compilePlan(document: ConfigDocument): Plan {
  return {
    hash: configHash(document),
    stages: document.stages.toSorted((a, b) => a.order - b.order).map((stage) => stagePlan(stage, document)),
    maxConcurrentJourneys: document.max_concurrent_journeys,
    taskTimeout_ms: document.timeouts.task_execution_seconds * SECOND,
    baseInterval_ms: document.polling.base_interval_seconds * SECOND,
  };
}

function stagePlan(stage: StageConfig, document: ConfigDocument): StagePlan {
  const { stage_id, duration_target_days } = stage;
  const templates = document.templates.filter((template) => template.stage === stage_id);
  return {
    id: stage_id,
    name: stage.name,
    order: stage.order,
    durationTarget_ms: duration_target_days === null ? null : duration_target_days * DAY,
    autoPromotion: stage.auto_promotion ?? document.features.auto_promotion_enabled,
    criteria: stage.exit_criteria.map((criterion) => criterionPlan(criterion as CriterionDocument, document)),
    goals: stage.success_metrics.map(({ metric, target, window_days }): Goal => ({
      metric,
      target,
      window_days,
      evidenceKind: goalMetrics[metric],
    })),
    templates: templates.map((template) => templatePlan(template as TemplateDocument, document)),
  };
}

/** Whose word counts where a criterion names nobody; outputs of tasks that are mapped to the kind come on top. */
const defaultSources = ['collector', 'operator'] as const;

function criterionPlan(criterion: CriterionDocument, document: ConfigDocument): Criterion {
  const validator = validators.get(criterion.validator);
  if (!validator) throw new Error(`${criterion.check_id} names ${criterion.validator}, which is not a validator.`);
  const base = {
    checkId: criterion.check_id,
    name: criterion.name,
    validator: validator.name,
    required: criterion.required,
  };
  if (validator.kind === 'approval') return { ...base, kind: 'approval', rule: validator.bind(criterion.parameters) };
  const { judge, maxAge_ms } = validator.bind(criterion.parameters);
  const mapped = Object.entries(document.evidence).flatMap(([intent, kind]) =>
    kind === validator.evidence ? [`task:${intent}`] : [],
  );
  return {
    ...base,
    kind: 'evidence',
    evidenceKind: validator.evidence,
    acceptedSources: criterion.accepted_sources ?? [...defaultSources, ...mapped],
    maxAge_ms,
    scope: validator.scope,
    judge,
  };
}

function templatePlan(template: TemplateDocument, document: ConfigDocument): WorkTemplate {
  const nodes = nodesOf(template.tasks);
  const { order } = taskOrder(nodes);
  const tasks = order.flatMap((id) => template.tasks.filter(({ task_id }) => task_id === id));
  return {
    id: template.template_id,
    name: template.name,
    tasks: tasks.map((task) => taskPlan(task, ancestorsOf(task.task_id, nodes), document)),
    snapshot: JSON.stringify(tasks.map(snapshotOf)),
  };
}

/** What people and views need to read a unit by; the whole definition is in config_versions under the pinned hash. */
const snapshotOf = ({ task_id, name, agent_intent, depends_on, compensate_intent }: TaskDocument): object => ({
  task_id,
  name,
  agent_intent,
  depends_on,
  ...(compensate_intent === undefined ? {} : { compensate_intent }),
});

function taskPlan(task: TaskDocument, ancestors: readonly string[], document: ConfigDocument): TaskPlan {
  const kind = document.evidence[task.agent_intent];
  return {
    id: task.task_id,
    name: task.name,
    intent: task.agent_intent,
    input: task.input_schema as FieldSchema,
    output: task.output_schema as FieldSchema,
    dependsOn: task.depends_on,
    ancestors,
    retry: retryPolicy(task, document),
    inputMapping: task.input_mapping ?? {},
    evidence: kind === undefined ? null : taskEvidence(kind),
  };
}

function retryPolicy({ retry_policy }: TaskDocument, { retry }: ConfigDocument): RetryPolicy {
  return {
    maxRetries: retry_policy?.max_retries ?? retry.max_task_retries,
    backoff: retry_policy?.backoff ?? retry.backoff_strategy,
    initial_ms: retry.initial_backoff_seconds * SECOND,
    max_ms: retry.max_backoff_seconds * SECOND,
  };
}
