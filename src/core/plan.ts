import type { Json, JsonObject } from './json.ts';
import type { Instant } from './time.ts';
import type { BreakerPolicy } from './breaker.ts';
import type { RetryPolicy } from './retry.ts';
import type { FieldSchema } from './work/schema.ts';
import type { Observation } from './criteria/evidence.ts';
import type { Hysteresis } from './criteria/hysteresis.ts';
import type { Judgement } from './criteria/verdict.ts';
import type { Calendar } from './calendar.ts';

/**
 * What decides about a journey: one version of the configuration, compiled. A journey pins the plan's hash when it
 * enters a stage, so that a new configuration never moves the goal of a stage that is under way.
 */
export type Plan = {
  readonly hash: string;
  /** In their order; the last one has no exit. */
  readonly stages: readonly StagePlan[];
  readonly maxConcurrentJourneys: number;
  /** How long an attempt may go without a sign of life. */
  readonly taskTimeout_ms: number;
  readonly breaker: BreakerPolicy;
  /** From the gate found open, or promote asked for, to the recorded entry. */
  readonly stageTransition_ms: number;
  /** For one evaluation of a journey as a whole. */
  readonly exitValidation_ms: number;
  /** From the request or the trigger to the recorded rollback. */
  readonly rollbackInitiation_ms: number;
  /** A journey is looked at again after this long, even if nothing seems to change. */
  readonly baseInterval_ms: number;
  readonly autoRollback: AutoRollback;
};

/** How often a journey may be rolled back without a person: beyond it people are told, and nothing else happens. */
export type AutoRollback = { readonly enabled: boolean; readonly max: number; readonly window_ms: number };

export type StagePlan = {
  readonly id: string;
  readonly name: string;
  readonly order: number;
  /** null: ongoing. */
  readonly durationTarget_ms: number | null;
  /** What counts as a day of the target. */
  readonly calendar: Calendar;
  /** false: an open gate waits for promote. */
  readonly autoPromotion: boolean;
  readonly criteria: readonly Criterion[];
  /** What brings a journey back a stage by itself once it has failed for as long as it says. */
  readonly rollbackCriteria: readonly RollbackCriterion[];
  readonly goals: readonly Goal[];
  readonly templates: readonly WorkTemplate[];
};

/** A figure that a stage aims at without ever being held back by it (the guide's success_metrics). */
export type Goal = {
  readonly metric: string;
  readonly name: string;
  /** null: the criterion minds its time itself. */
  readonly window_days: number | null;
  readonly criterion: EvidenceCriterion;
};

export type RollbackCriterion = EvidenceCriterion & { readonly hysteresis: Hysteresis };

export type Criterion = EvidenceCriterion | ApprovalCriterion;

type CriterionBase = {
  readonly checkId: string;
  readonly name: string;
  readonly validator: string;
  /** A criterion that is not required is judged and shown but never shuts the gate. */
  readonly required: boolean;
};

export type EvidenceCriterion = CriterionBase & {
  readonly kind: 'evidence';
  readonly evidenceKind: string;
  /** Origins whose word counts: an exact origin (`task:run_security_scan`) or a class (`collector`, `operator`). */
  readonly acceptedSources: readonly string[];
  /** Older observations do not count; null: they never grow old. */
  readonly maxAge_ms: number | null;
  /**
   * `stage`: only what was observed since the present stage entry counts. `history`: the judge sees everything that is
   * known, because old bad news (a bug that is still open) must not vanish with the stage entry.
   */
  readonly scope: 'stage' | 'history';
  /** null: it counts as it is judged. */
  readonly hysteresis: Hysteresis | null;
  /** What the judge goes by, defaults put in: whoever collects evidence must measure over the same window. */
  readonly parameters: JsonObject;
  readonly judge: Judge;
};

export type ApprovalCriterion = CriterionBase & { readonly kind: 'approval'; readonly rule: ApprovalRule };

export type ApprovalRule = {
  /** false: the verdict is `skipped`. */
  readonly needed: boolean;
  /** Empty: whoever has the role approver. Else `user:<principal>`, `role:<role>`, `group:<name>` or `slack_group:<id>`. */
  readonly approvers: readonly string[];
  readonly minApprovals: number;
  readonly excludeInitiator: boolean;
  readonly expiresAfter_ms: number;
  readonly remindAfter_ms: number;
  /** How often one request is brought to mind. */
  readonly maxReminders: number;
};

export type JudgeContext = {
  readonly now: Instant;
  readonly stageStartedAt: Instant;
  /** When the last task of this stage's units finished; null: none has. */
  readonly workFinishedAt: Instant | null;
  /** What the start of the journey was given (client_id, data_sources …). */
  readonly inputs: JsonObject;
  /** What the tasks of this stage have put out so far, by name. */
  readonly outputs: JsonObject;
};

/** Pure. The observations are those that count (accepted source, right stage entry, fresh), the best one a subject. */
export type Judge = (observations: readonly Observation[], context: JudgeContext) => Judgement;

export type WorkTemplate = {
  readonly id: string;
  readonly name: string;
  /** In an order that respects depends_on. */
  readonly tasks: readonly TaskPlan[];
  /** How long the whole unit may take (journey time); null: as long as its tasks do. */
  readonly limit_ms: number | null;
  /** The definition as JSON text, for the snapshot in unit_of_works.tasks. */
  readonly snapshot: string;
};

export type TaskPlan = {
  readonly id: string;
  readonly name: string;
  readonly intent: string;
  readonly input: FieldSchema;
  readonly output: FieldSchema;
  readonly dependsOn: readonly string[];
  /** All tasks that come before it, the nearest first: where an input of the same name is looked for. */
  readonly ancestors: readonly string[];
  readonly retry: RetryPolicy;
  /** How long one attempt may take at the most, whatever signs of life it gives. */
  readonly max_ms: number;
  /** Input name -> where it comes from: `journey.<input>`, `<task_id>.<output>` or `<stage>.<output>`. */
  readonly inputMapping: { readonly [input: string]: string };
  /** The input as it was settled beforehand; null: it is looked for when the task begins. */
  readonly given: JsonObject | null;
  /** What undoes it; null: nothing does. */
  readonly compensateIntent: string | null;
  /** The evidence that this task's output stands for, if its intent is mapped to a kind. */
  readonly evidence: TaskEvidence | null;
};

export type TaskEvidence = {
  readonly kind: string;
  /** Pure: output -> observations (subject and value); none when the output does not say enough. */
  readonly observe: (output: JsonObject) => readonly { readonly subject: string; readonly value: Json }[];
};

export const stageOf = (plan: Plan, id: string): StagePlan | undefined => plan.stages.find((stage) => stage.id === id);
export const stageAfter = (plan: Plan, stage: StagePlan): StagePlan | undefined =>
  plan.stages.find(({ order }) => order > stage.order);
export const stageBefore = (plan: Plan, stage: StagePlan): StagePlan | undefined =>
  plan.stages.findLast(({ order }) => order < stage.order);
/** The last stage is ongoing: it has goals but no exit. */
export const hasExit = (plan: Plan, stage: StagePlan): boolean => stageAfter(plan, stage) !== undefined;
