import { z } from 'zod';
import { DAY, SECOND, type Instant } from '#core/time.ts';
import { hasExit, stageOf, type Plan, type StagePlan } from '#core/plan.ts';
import { isOpen, judgeStage, type Digest } from '#core/criteria/gate.ts';
import { explain, type Circumstances } from '#core/explain/explain.ts';
import type { Verdict } from '#core/criteria/verdict.ts';
import { durationOf, durationSignals, ongoing } from '#core/journey/durations.ts';
import { healths, judgeGoals } from '#core/criteria/goals.ts';
import type { Journey } from '#core/journey/journey.ts';
import { parties, pausedTime, timeSplit, type Party } from '#core/journey/time-split.ts';
import { statusOf } from '#core/work/graph.ts';
import { definitionOf, progressOf, type TaskProgress, type Unit } from '#core/work/unit.ts';
import { iso } from './fields.ts';

export const CriterionView = z.object({
  check_id: z.string(),
  name: z.string(),
  required: z.boolean(),
  outcome: z.enum(['passed', 'failed', 'unknown', 'skipped']),
  code: z.string(),
  message: z.string(),
  measured: z.unknown().optional(),
  target: z.unknown().optional(),
  distance: z.string().optional(),
  observed_at: z.string().nullable(),
});

export const Asked = z
  .object({ needs: z.enum(['input', 'authorization']), text: z.string(), answered: z.boolean() })
  .describe('What the agent of the task asks for, in its own words.');

export const TaskView = z.object({
  task_id: z.string(),
  name: z.string(),
  intent: z.string(),
  status: z.string(),
  attempt: z.number(),
  max_attempts: z.number(),
  missing: z.array(z.string()).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  asked: Asked.optional(),
});

export const UnitView = z.object({
  work_id: z.string(),
  template_id: z.string(),
  name: z.string(),
  status: z.string(),
  tasks: z.array(TaskView),
});

export const ApprovalView = z.object({
  approval_id: z.string(),
  check_id: z.string(),
  status: z.string(),
  digest: z.string(),
  requested_at: z.string(),
  expires_at: z.string(),
  votes: z.array(z.string()),
  reminders: z.number().describe('How often they have been asked again.'),
  decided_by: z.string().nullable(),
  reason: z.string().nullable(),
});

export const GoalView = z.object({
  metric: z.string(),
  name: z.string(),
  health: z.enum(healths),
  code: z.string(),
  message: z.string(),
  measured: z.unknown().optional(),
  target: z.unknown().optional(),
  window_days: z.number().nullable(),
  observed_at: z.string().nullable(),
});

export const OverrideView = z.object({
  override_id: z.string(),
  requested_by: z.string(),
  reason: z.string(),
  missing: z.array(z.string()).describe('What kept the gate shut: work, or the ids of criteria.'),
  requested_at: z.string(),
  expires_at: z.string(),
  confirmable_by: z.string().describe('Who may confirm it.'),
});

export const TimeSplitView = z
  .object({
    waiting_on: z.enum(parties).nullable().describe('Who has to do something next; null: the journey is completed.'),
    client: z.number(),
    us: z.number(),
    agent: z.number(),
    approver: z.number(),
    paused: z.number(),
  })
  .describe('Whom the stage has waited for so far, in seconds; they add up to the time since it was entered.');

export const JourneyView = z.object({
  client_id: z.string(),
  run: z.number(),
  status: z.enum(['queued', 'active', 'paused', 'completed']),
  stage: z.string(),
  stage_name: z.string(),
  stage_entry: z.number(),
  version: z.number(),
  queue_position: z.number().nullable(),
  started_at: z.string(),
  stage_started_at: z.string(),
  day: z
    .number()
    .describe('Which day of the stage it is, counted from 1, by its calendar; paused time does not count.'),
  paused: z.object({ since: z.string(), reason: z.string() }).nullable(),
  paused_seconds: z.number().describe('How long it has been paused in this stage entry.'),
  duration_target_days: z.number().nullable(),
  duration: z
    .enum(durationSignals)
    .nullable()
    .describe(
      'How the stage stands against its target: at risk from 80 %, breached from 100 %; null without a target.',
    ),
  stage_age_seconds: z.number().describe('How long the stage has taken, by its calendar; paused time does not count.'),
  time_split: TimeSplitView,
  previous_stage: z.string().nullable(),
  completed_stages: z.array(z.string()),
  started_by: z.string(),
  config_hash: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  gate: z.enum(['open', 'shut', 'none']),
  waiting_for: z.string().describe('What holds the journey up and what to do next, in one sentence; why tells it all.'),
  criteria: z.array(CriterionView),
  goals: z.array(GoalView).describe('How the success metrics of the stage stand; they never hold it back.'),
  units: z.array(UnitView),
  not_undone: z
    .array(z.string())
    .describe('Tasks of stages that a rollback left and that nothing undoes, as stage/task.'),
  approval: ApprovalView.nullable(),
  override: OverrideView.nullable().describe('A wish to pass the shut gate that waits for a second person.'),
});

/** A journey as people and agents see it: everything judged now, from what is recorded. */
export function journeyView(
  plan: Plan,
  journey: Journey,
  digest: Digest,
  circumstances: Circumstances,
): z.input<typeof JourneyView> {
  const { now, queuePosition } = circumstances;
  const stage = stageOf(plan, journey.stage);
  const underWay = journey.status === 'active' || journey.status === 'paused';
  const verdicts = verdictsNow(plan, journey, now, digest);
  const gate = verdicts ? (isOpen(journey, verdicts) ? 'open' : 'shut') : 'none';
  const { age_ms, day, signal } = durationOf(stage ?? ongoing, journey, now);
  return {
    client_id: journey.clientId,
    run: journey.run,
    status: journey.status,
    stage: journey.stage,
    stage_name: stage?.name ?? journey.stage,
    stage_entry: journey.stageEntry,
    version: journey.version,
    queue_position: queuePosition,
    started_at: iso(journey.startedAt),
    stage_started_at: iso(journey.stageStartedAt),
    day,
    paused: journey.pause && { since: iso(journey.pause.since), reason: journey.pause.reason },
    paused_seconds: Math.round(pausedTime(journey.waits, now).all_ms / SECOND),
    duration_target_days:
      stage?.durationTarget_ms === null || stage === undefined ? null : stage.durationTarget_ms / DAY,
    duration: signal,
    stage_age_seconds: age_ms / SECOND,
    time_split: timeSplitView(journey, now),
    previous_stage: journey.previousStage,
    completed_stages: [...journey.completedStages],
    started_by: journey.startedBy,
    config_hash: journey.configHash,
    inputs: { ...journey.inputs },
    gate,
    waiting_for: explain(plan, journey, verdicts ?? [], circumstances).sentence,
    criteria: stage ? criteriaView(stage, verdicts ?? []) : [],
    goals: stage && underWay ? goalsView(stage, journey, now) : [],
    units: stage ? journey.units.map((unit) => unitView(stage, unit, journey.pause !== null)) : [],
    not_undone: journey.notUndone.map(({ stage: of, taskId }) => `${of}/${taskId}`),
    approval: approvalView(journey),
    override: overrideView(journey, now),
  };
}

function timeSplitView(journey: Journey, now: Instant): z.input<typeof TimeSplitView> {
  const split = timeSplit(journey, now);
  const seconds = Object.fromEntries(parties.map((party) => [party, split[party] / SECOND]));
  return { waiting_on: journey.waits.on, ...(seconds as Record<Party, number>) };
}

/** The verdicts of the stage as of now; undefined where nothing is to be judged: in the queue, at the end, in a stage without an exit. */
export function verdictsNow(
  plan: Plan,
  journey: Journey,
  now: Instant,
  digest: Digest,
): readonly Verdict[] | undefined {
  const stage = stageOf(plan, journey.stage);
  const judged =
    stage !== undefined && hasExit(plan, stage) && (journey.status === 'active' || journey.status === 'paused');
  return judged ? judgeStage(stage, journey, now, digest) : undefined;
}

export function criteriaView(stage: StagePlan, verdicts: readonly Verdict[]): z.input<typeof CriterionView>[] {
  return verdicts.map(({ checkId, required, outcome, code, message, measured, target, distance, observedAt }) => ({
    check_id: checkId,
    name: stage.criteria.find((criterion) => criterion.checkId === checkId)?.name ?? checkId,
    required,
    outcome,
    code,
    message,
    ...(measured === undefined ? {} : { measured }),
    ...(target === undefined ? {} : { target }),
    ...(distance === undefined ? {} : { distance }),
    observed_at: observedAt === null ? null : iso(observedAt),
  }));
}

function unitView(stage: StagePlan, unit: Unit, paused: boolean): z.input<typeof UnitView> {
  const template = definitionOf(stage, unit);
  return {
    work_id: unit.workId,
    template_id: unit.templateId,
    name: template?.name ?? unit.templateId,
    status: unit.status,
    tasks: (template?.tasks ?? []).map((task) => {
      const progress = progressOf(unit, task.id);
      const { status, attempt, missing, error } = progress;
      const asked = unit.status === 'cancelled' ? null : askedBy(progress);
      return {
        task_id: task.id,
        name: task.name,
        intent: task.intent,
        // Whose turn it is begins by itself, but not while it is paused.
        status: shownStatus(unit.status === 'cancelled' ? 'cancelled' : paused ? status : statusOf(task, unit), asked),
        attempt,
        max_attempts: task.retry.maxRetries + 1,
        ...(missing ? { missing: [...missing] } : {}),
        ...(error ? { error } : {}),
        ...(asked ? { asked } : {}),
      };
    }),
  };
}

export const askedBy = ({ question, answer }: TaskProgress): z.input<typeof Asked> | null =>
  question ? { needs: question.needs, text: question.text, answered: answer !== undefined } : null;

/** A task whose agent waits is running as far as the engine is concerned; people are told by the protocol's own words. */
export const shownStatus = (status: string, asked: z.input<typeof Asked> | null): string =>
  asked === null ? status : asked.needs === 'input' ? 'input_required' : 'auth_required';

function approvalView({ approval }: Journey): z.input<typeof ApprovalView> | null {
  if (!approval) return null;
  return {
    approval_id: approval.id,
    check_id: approval.checkId,
    status: approval.status,
    digest: approval.digest,
    requested_at: iso(approval.requestedAt),
    expires_at: iso(approval.expiresAt),
    votes: [...approval.votes],
    reminders: approval.reminders,
    decided_by: approval.decidedBy,
    reason: approval.reason,
  };
}

const goalsView = (stage: StagePlan, journey: Journey, now: Instant): z.input<typeof GoalView>[] =>
  judgeGoals(stage, journey, now).map(({ goal, health, verdict: { code, message, measured, target, observedAt } }) => ({
    metric: goal.metric,
    name: goal.name,
    health,
    code,
    message,
    ...(measured === undefined ? {} : { measured }),
    ...(target === undefined ? {} : { target }),
    window_days: goal.window_days,
    observed_at: observedAt === null ? null : iso(observedAt),
  }));

/** One that has expired waits for nobody any more. */
function overrideView({ override }: Journey, now: Instant): z.input<typeof OverrideView> | null {
  if (!override || now > override.expiresAt) return null;
  return {
    override_id: override.id,
    requested_by: override.requestedBy,
    reason: override.reason,
    missing: [...override.missing],
    requested_at: iso(override.requestedAt),
    expires_at: iso(override.expiresAt),
    confirmable_by: `A person with the role operator or approver, other than ${override.requestedBy}.`,
  };
}
