import type { Json, JsonObject } from '../json.ts';
import type { Instant } from '../time.ts';
import type { Observation } from '../criteria/evidence.ts';
import type { Outcome } from '../criteria/verdict.ts';
import type { Streak } from '../criteria/hysteresis.ts';
import type { Health } from '../criteria/goals.ts';
import type { RetryPolicy } from '../retry.ts';
import type { Question, TaskError } from '../work/unit.ts';
import type { Calendar } from '../calendar.ts';
import type { TimeSplit } from './time-split.ts';

/** A fact about a journey. Stored once, never edited; a change of shape is a new type. All times are journey time unless said. */
export type JourneyEvent =
  | JourneyStarted
  | StageEntered
  | JourneyRolledBack
  | JourneyCompleted
  | InputProvided
  | TaskDispatched
  | TaskWaiting
  | TaskWaitingForBreaker
  | TaskClaimed
  | TaskInterrupted
  | TaskContinued
  | TaskAnswered
  | TaskSucceeded
  | TaskAttemptFailed
  | UnitEnded
  | UnitTakenOver
  | TasksRetried
  | EvidenceRecorded
  | CriteriaJudged
  | ApprovalRequested
  | ApprovalDecided
  | ApprovalVoided
  | ClientErased
  | JourneyPaused
  | JourneyResumed
  | OverrideRequested
  | OverrideConfirmed
  | JourneyRolledBackAutomatically
  | AutomaticRollbackRefused
  | CompensationPlanned
  | CriteriaTracked
  | CriterionRegressed
  | GoalsJudged
  | ApprovalReminded
  | StageDuration
  | StageTransitionTimedOut
  | ExitCriteriaValidationTimedOut
  | RollbackInitiationTimedOut
  | DeliveryGivenUp;

export type JourneyStarted = {
  readonly type: 'journey_started';
  readonly run: number;
  readonly stage: string;
  readonly config_hash: string;
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly started_by: string;
};

export type TransitionKind = 'start' | 'promotion' | 'rollback' | 'override';

export type StageEntered = {
  readonly type: 'stage_entered';
  readonly kind: TransitionKind;
  readonly from: string | null;
  readonly stage: string;
  readonly entry: number;
  readonly config_hash: string;
  readonly reason: string;
  readonly completed_stages: readonly string[];
  readonly holds_slot: boolean;
  readonly units: readonly { readonly work_id: string; readonly template_id: string }[];
  /** The epoch of the process that continues the units; null: whoever claims them. */
  readonly owner: number | null;
  /** What opened the gate of the stage that was left. */
  readonly results?: readonly CriterionResult[];
  readonly approval_id?: string;
  /** Who passed a shut gate together. */
  readonly override?: { readonly override_id: string; readonly requested_by: string; readonly confirmed_by: string };
  /** The orchestrator decided it, whoever sent what it followed from. */
  readonly automatic?: true;
  /** Whom the stage that was left had waited for. */
  readonly time_split_ms?: TimeSplit;
};

export type JourneyRolledBack = {
  readonly type: 'journey_rolled_back';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
};

export type JourneyCompleted = {
  readonly type: 'journey_completed';
  readonly reason: string;
  /** Whom the last stage had waited for. */
  readonly time_split_ms?: TimeSplit;
};

/**
 * The tombstone: what stands before it may be, and has to be, replaced by what says nothing of the client. The reason is
 * kept, so it must not name anybody.
 */
export type ClientErased = { readonly type: 'client_erased'; readonly reason: string };

export type InputProvided = { readonly type: 'input_provided'; readonly inputs: JsonObject };

type OfTask = {
  readonly work_id: string;
  readonly task_id: string;
  readonly generation: number;
  readonly attempt: number;
};

/** An attempt begins that is recorded before it does: every remote one, and in this process those after the first. */
export type TaskDispatched = OfTask & {
  readonly type: 'task_dispatched';
  readonly via: 'in_process' | 'a2a' | 'pull';
  readonly input: JsonObject;
};

export type TaskWaiting = OfTask & { readonly type: 'task_waiting_for_input'; readonly missing: readonly string[] };

/** Its intent's circuit breaker is not closed: the attempt has not begun, and begins when it is. */
export type TaskWaitingForBreaker = OfTask & { readonly type: 'task_waiting_for_breaker' };

/** A pulled task was handed to somebody; both times are machine time, and heartbeats renew only the lease. */
export type TaskClaimed = OfTask & {
  readonly type: 'task_claimed';
  readonly by: string;
  readonly lease_until: Instant;
  readonly deadline: Instant;
};

/** Its agent goes on only when it is given something (INPUT_REQUIRED, AUTH_REQUIRED). */
export type TaskInterrupted = OfTask & { readonly type: 'task_interrupted'; readonly question: Question };

/** Its agent is at work again. */
export type TaskContinued = OfTask & { readonly type: 'task_continued' };

/** Somebody has given what the agent asked for. */
export type TaskAnswered = OfTask & {
  readonly type: 'task_answered';
  readonly question_id: string;
  readonly answer: JsonObject;
};

export type TaskSucceeded = OfTask & {
  readonly type: 'task_succeeded';
  readonly output: JsonObject;
  /** What the output says as evidence, where the task's intent is mapped to a kind. */
  readonly observations?: readonly Observation[];
};

export type TaskAttemptFailed = OfTask & {
  readonly type: 'task_attempt_failed';
  readonly error: TaskError;
  /** Machine time of the next attempt; null: the task has failed for good. */
  readonly retry_at: Instant | null;
};

export type UnitEnded = {
  readonly type: 'unit_completed' | 'unit_failed' | 'unit_cancelled';
  readonly work_id: string;
};

export type UnitTakenOver = {
  readonly type: 'unit_taken_over';
  readonly work_id: string;
  readonly from: number | null;
  readonly to: number | null;
};

/** Failed tasks begin anew, as the next generation with all its attempts. */
export type TasksRetried = {
  readonly type: 'tasks_retried';
  readonly work_id: string;
  readonly task_ids: readonly string[];
  readonly owner: number | null;
};

export type EvidenceRecorded = { readonly type: 'evidence_recorded'; readonly observations: readonly Observation[] };

/** How a criterion came out, without the words: they follow from the code and the figures. */
export type CriterionResult = {
  readonly check_id: string;
  readonly outcome: Outcome;
  readonly code: string;
  readonly measured?: Json;
  readonly target?: Json;
  readonly observed_at: Instant | null;
};

/** Verdicts that differ from the ones recorded before. */
export type CriteriaJudged = {
  readonly type: 'criteria_judged';
  readonly verdicts: readonly (CriterionResult & { readonly message: string })[];
};

export type ApprovalRequested = {
  readonly type: 'approval_requested';
  readonly approval_id: string;
  readonly check_id: string;
  readonly entry: number;
  readonly digest: string;
  readonly outcomes: { readonly [checkId: string]: Outcome };
  readonly approvers: readonly string[];
  readonly min_approvals: number;
  readonly expires_at: Instant;
};

export type ApprovalDecided = {
  readonly type: 'approval_decided';
  readonly approval_id: string;
  readonly decision: 'approve' | 'reject';
  readonly by: string;
  readonly reason: string | null;
  /** `open` while more approvals are needed. */
  readonly status: 'open' | 'granted' | 'rejected';
};

export type ApprovalVoided = {
  readonly type: 'approval_voided';
  readonly approval_id: string;
  readonly why: 'stale' | 'expired' | 'rolled_back' | 'asked_again' | 'completed' | 'overridden';
  readonly changed: readonly string[];
};

export type JourneyPaused = { readonly type: 'journey_paused'; readonly reason: string };

export type JourneyResumed = { readonly type: 'journey_resumed'; readonly reason: string; readonly paused_ms: number };

export type OverrideRequested = {
  readonly type: 'override_requested';
  readonly override_id: string;
  readonly by: string;
  readonly reason: string;
  /** What both people are shown: the digest of configuration, stage entry, work and every criterion's outcome. */
  readonly digest: string;
  /** What keeps the gate shut: `work`, or the ids of checks. */
  readonly missing: readonly string[];
  readonly outcomes: { readonly [checkId: string]: Outcome };
  readonly expires_at: Instant;
};

export type OverrideConfirmed = {
  readonly type: 'override_confirmed';
  readonly override_id: string;
  readonly by: string;
};

export type JourneyRolledBackAutomatically = {
  readonly type: 'journey_rolled_back_automatically';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly verdicts: readonly (CriterionResult & { readonly message: string })[];
};

/** Rollback criteria failed, and nothing was done about it but telling people. */
export type AutomaticRollbackRefused = {
  readonly type: 'automatic_rollback_refused';
  readonly stage: string;
  readonly why: 'rolled_back_before' | 'too_many';
  readonly message: string;
  readonly verdicts: readonly (CriterionResult & { readonly message: string })[];
};

/** What a rollback undoes, in this order, as a unit of work of the stage entry that it led to. */
export type CompensationPlanned = {
  readonly type: 'compensation_planned';
  /** Null: nothing of what was done can be undone. */
  readonly work_id: string | null;
  readonly owner: number | null;
  readonly steps: readonly CompensationStep[];
  readonly not_undone: readonly { readonly stage: string; readonly task_id: string }[];
};

export type CompensationStep = {
  readonly task_id: string;
  readonly name: string;
  readonly intent: string;
  readonly undoes: { readonly stage: string; readonly task_id: string };
  readonly input: JsonObject;
  readonly retry: RetryPolicy;
  /** As long as what it undoes might take. */
  readonly max_ms: number;
};

/** How often, or since when, criteria with hysteresis have said the same. */
export type CriteriaTracked = {
  readonly type: 'criteria_tracked';
  readonly streaks: { readonly [key: string]: Streak };
};

/** A criterion that had passed in this stage entry has failed, told once. */
export type CriterionRegressed = {
  readonly type: 'criterion_regressed';
  readonly check_id: string;
  readonly message: string;
};

/** Goals whose health differs from the one recorded before. */
export type GoalsJudged = {
  readonly type: 'goals_judged';
  readonly goals: readonly {
    readonly metric: string;
    readonly health: Health;
    readonly code: string;
    readonly message: string;
    readonly measured?: Json;
    readonly target?: Json;
    readonly observed_at: Instant | null;
  }[];
};

/** The people who were asked are to be told again. */
export type ApprovalReminded = {
  readonly type: 'approval_reminded';
  readonly approval_id: string;
  /** 1, 2, 3 … */
  readonly reminder: number;
};

/** The stage has taken 80 % of its target, or all of it: once each a stage entry. */
export type StageDuration = {
  readonly type: 'stage_duration_at_risk' | 'stage_duration_breached';
  readonly stage: string;
  readonly entry: number;
  readonly target_days: number;
  readonly age_days: number;
  readonly calendar: Calendar;
};

type OverBudget = { readonly waited_seconds: number; readonly budget_seconds: number };

/** The open gate was not passed in time: the transition is given up, and the next look finds the gate again. */
export type StageTransitionTimedOut = OverBudget & {
  readonly type: 'stage_transition_timed_out';
  readonly kind: 'promotion' | 'override';
  readonly from: string;
  readonly to: string;
};

/** The stage was not judged in time: what was not judged is unknown until the next evaluation. */
export type ExitCriteriaValidationTimedOut = {
  readonly type: 'exit_criteria_validation_timed_out';
  readonly stage: string;
  readonly check_ids: readonly string[];
  readonly budget_seconds: number;
};

/** The rollback that follows was recorded later than it should have been. */
export type RollbackInitiationTimedOut = OverBudget & {
  readonly type: 'rollback_initiation_timed_out';
  readonly from: string;
};

/** What another system should have been told has become a dead letter. */
export type DeliveryGivenUp = {
  readonly type: 'delivery_given_up';
  readonly delivery_id: string;
  readonly destination: string;
  readonly message_type: string;
  readonly problem: string;
};
