import type { FieldSchema } from '#core/work/schema.ts';
import type {
  Criterion,
  EvidenceCriterion,
  Goal,
  Plan,
  RollbackCriterion,
  StagePlan,
  TaskPlan,
  WorkTemplate,
} from '#core/plan.ts';
import type { BreakerPolicy } from '#core/breaker.ts';
import type { RetryPolicy } from '#core/retry.ts';
import { DAY, HOUR, SECOND } from '#core/time.ts';
import type { Hysteresis } from '#core/criteria/hysteresis.ts';
import { validators } from '#validators/registry.ts';
import { metricValidators } from '#validators/success-metrics.ts';
import type { Validator } from '#validators/validator.ts';
import { nodesOf } from './check-templates.ts';
import { configHash, type ConfigDocument } from './document.ts';
import { goalValidators } from './check-goals.ts';
import type {
  CriterionDocument,
  GoalDocument,
  RollbackDocument,
  TaskDocument,
  TemplateDocument,
} from './file-schemas.ts';
import { taskEvidence } from './task-evidence.ts';
import { ancestorsOf, taskOrder } from './task-order.ts';

type StageConfig = ConfigDocument['stages'][number];

/** The document with its judges bound and its tasks in order. The document must be valid, as `loadSettings` and `readDocument` give it. */
export function compilePlan(document: ConfigDocument): Plan {
  return {
    hash: configHash(document),
    stages: document.stages.toSorted((a, b) => a.order - b.order).map((stage) => stagePlan(stage, document)),
    maxConcurrentJourneys: document.max_concurrent_journeys,
    stageTransition_ms: document.timeouts.stage_transition_seconds * SECOND,
    exitValidation_ms: document.timeouts.exit_criteria_validation_seconds * SECOND,
    rollbackInitiation_ms: document.timeouts.rollback_initiation_seconds * SECOND,
    taskTimeout_ms: document.timeouts.task_execution_seconds * SECOND,
    breaker: breakerPolicy(document),
    baseInterval_ms: document.polling.base_interval_seconds * SECOND,
    autoRollback: {
      enabled: document.features.auto_rollback_enabled,
      max: document.auto_rollback.max,
      window_ms: document.auto_rollback.window_days * DAY,
    },
  };
}

const breakerPolicy = ({ circuit_breaker }: ConfigDocument): BreakerPolicy => ({
  enabled: circuit_breaker.enabled,
  failureThreshold: circuit_breaker.failure_threshold,
  timeout_ms: circuit_breaker.timeout_seconds * SECOND,
  probes: circuit_breaker.half_open_max_requests,
});

function stagePlan(stage: StageConfig, document: ConfigDocument): StagePlan {
  const { stage_id, duration_target_days } = stage;
  const templates = document.templates.filter((template) => template.stage === stage_id);
  return {
    id: stage_id,
    name: stage.name,
    order: stage.order,
    durationTarget_ms: duration_target_days === null ? null : duration_target_days * DAY,
    calendar: stage.calendar,
    autoPromotion: stage.auto_promotion ?? document.features.auto_promotion_enabled,
    criteria: stage.exit_criteria.map((criterion) => criterionPlan(criterion as CriterionDocument, document)),
    rollbackCriteria: stage.rollback_criteria.map((criterion) => rollbackPlan(criterion as RollbackDocument, document)),
    goals: stage.success_metrics.map((goal) => goalPlan(goal as GoalDocument, document)),
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
  return {
    ...base,
    ...judgedOnEvidence(validator, criterion.parameters, criterion.accepted_sources, document),
    hysteresis: hysteresisOf(criterion.consecutive, criterion.hold_for_hours),
  };
}

type Judged = Omit<EvidenceCriterion, 'checkId' | 'name' | 'validator' | 'required' | 'hysteresis'>;

function judgedOnEvidence(
  validator: Extract<Validator, { kind: 'evidence' }>,
  parameters: unknown,
  acceptedSources: readonly string[] | undefined,
  document: ConfigDocument,
): Judged {
  const { judge, maxAge_ms, parameters: bound } = validator.bind(parameters);
  const mapped = Object.entries(document.evidence).flatMap(([intent, kind]) =>
    kind === validator.evidence ? [`task:${intent}`] : [],
  );
  return {
    kind: 'evidence',
    evidenceKind: validator.evidence,
    acceptedSources: acceptedSources ?? [...defaultSources, ...mapped],
    maxAge_ms,
    scope: validator.scope,
    judge,
    parameters: bound,
  };
}

const hysteresisOf = (consecutive: number | undefined, hours: number | undefined): Hysteresis | null =>
  consecutive === undefined && hours === undefined
    ? null
    : { consecutive: consecutive ?? 1, hold_ms: (hours ?? 0) * HOUR };

function rollbackPlan(criterion: RollbackDocument, document: ConfigDocument): RollbackCriterion {
  const { check_id, name, validator, parameters, accepted_sources, consecutive, for_hours } = criterion;
  return {
    checkId: check_id,
    name,
    validator,
    required: true,
    ...judgedOnEvidence(evidenceValidator(validators, validator), parameters, accepted_sources, document),
    hysteresis: hysteresisOf(consecutive, for_hours) ?? { consecutive: 1, hold_ms: 0 },
  };
}

function goalPlan(goal: GoalDocument, document: ConfigDocument): Goal {
  const { metric, window_days, target, max_age_hours, accepted_sources } = goal;
  const id = metric ?? goal.check_id ?? '';
  const validator = evidenceValidator(goalValidators, metric ? metricValidators[metric].name : goal.validator);
  // A figure is good for as long as the window that it was taken over.
  const parameters = metric
    ? { target, window_days, max_age_hours: max_age_hours === undefined ? (window_days ?? 0) * 24 : max_age_hours }
    : goal.parameters;
  const window = metric ? window_days : goal.parameters?.['window_days'];
  const name = goal.name ?? id;
  return {
    metric: id,
    name,
    window_days: typeof window === 'number' ? window : null,
    criterion: {
      checkId: id,
      name,
      validator: validator.name,
      required: false,
      ...judgedOnEvidence(validator, parameters, accepted_sources, document),
      hysteresis: null,
    },
  };
}

function evidenceValidator(
  known: ReadonlyMap<string, Validator>,
  name: string | undefined,
): Extract<Validator, { kind: 'evidence' }> {
  const validator = known.get(name ?? '');
  if (validator?.kind !== 'evidence') throw new Error(`${name} is not a validator of evidence.`);
  return validator;
}

function templatePlan(template: TemplateDocument, document: ConfigDocument): WorkTemplate {
  const nodes = nodesOf(template.tasks);
  const { order } = taskOrder(nodes);
  const tasks = order.flatMap((id) => template.tasks.filter(({ task_id }) => task_id === id));
  return {
    id: template.template_id,
    name: template.name,
    tasks: tasks.map((task) => taskPlan(task, ancestorsOf(task.task_id, nodes), document)),
    limit_ms: limitOf(template, document),
    snapshot: JSON.stringify(tasks.map(snapshotOf)),
  };
}

function limitOf({ uow_seconds }: TemplateDocument, { timeouts }: ConfigDocument): number | null {
  const limit = uow_seconds ?? timeouts.uow_seconds;
  return limit === undefined ? null : limit * SECOND;
}

/** An agent that always says "working" is given up after this many timeouts, unless the configuration says when. */
const MAX_FACTOR = 10;

const maxSeconds = ({ max_seconds }: TaskDocument, { timeouts }: ConfigDocument): number =>
  max_seconds ?? timeouts.task_max_seconds ?? timeouts.task_execution_seconds * MAX_FACTOR;

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
    max_ms: maxSeconds(task, document) * SECOND,
    inputMapping: task.input_mapping ?? {},
    given: null,
    compensateIntent: task.compensate_intent ?? null,
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
