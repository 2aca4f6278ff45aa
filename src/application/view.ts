import { z } from 'zod';
import { DAY, type Instant } from '#core/time.ts';
import { hasExit, stageOf, type Plan, type StagePlan } from '#core/plan.ts';
import { isOpen, judgeStage, type Digest } from '#core/criteria/gate.ts';
import type { Verdict } from '#core/criteria/verdict.ts';
import type { Journey } from '#core/journey/journey.ts';
import { statusOf } from '#core/work/graph.ts';
import { progressOf, type Unit } from '#core/work/unit.ts';
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

export const TaskView = z.object({
  task_id: z.string(),
  name: z.string(),
  intent: z.string(),
  status: z.string(),
  attempt: z.number(),
  max_attempts: z.number(),
  missing: z.array(z.string()).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
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
  decided_by: z.string().nullable(),
  reason: z.string().nullable(),
});

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
  day: z.number().describe('Which day of the stage it is, counted from 1.'),
  duration_target_days: z.number().nullable(),
  previous_stage: z.string().nullable(),
  completed_stages: z.array(z.string()),
  started_by: z.string(),
  config_hash: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  gate: z.enum(['open', 'shut', 'none']),
  waiting_for: z.string().describe('What the journey waits for, in one sentence.'),
  criteria: z.array(CriterionView),
  units: z.array(UnitView),
  approval: ApprovalView.nullable(),
});

/** A journey as people and agents see it: everything judged now, from what is recorded. */
export function journeyView(
  plan: Plan,
  journey: Journey,
  now: Instant,
  digest: Digest,
  queuePosition: number | null,
): z.input<typeof JourneyView> {
  const stage = stageOf(plan, journey.stage);
  const exit = stage !== undefined && hasExit(plan, stage) && journey.status === 'active';
  const verdicts = stage && exit ? judgeStage(stage, journey, now, digest) : [];
  const gate = exit ? (isOpen(journey, verdicts) ? 'open' : 'shut') : 'none';
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
    day: Math.floor(Math.max(0, now - journey.stageStartedAt) / DAY) + 1,
    duration_target_days:
      stage?.durationTarget_ms === null || stage === undefined ? null : stage.durationTarget_ms / DAY,
    previous_stage: journey.previousStage,
    completed_stages: [...journey.completedStages],
    started_by: journey.startedBy,
    config_hash: journey.configHash,
    inputs: { ...journey.inputs },
    gate,
    waiting_for: waitingFor(journey, verdicts, gate, queuePosition),
    criteria: stage ? criteriaView(stage, verdicts) : [],
    units: stage ? journey.units.map((unit) => unitView(stage, unit)) : [],
    approval: approvalView(journey),
  };
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

function unitView(stage: StagePlan, unit: Unit): z.input<typeof UnitView> {
  const template = stage.templates.find(({ id }) => id === unit.templateId);
  return {
    work_id: unit.workId,
    template_id: unit.templateId,
    name: template?.name ?? unit.templateId,
    status: unit.status,
    tasks: (template?.tasks ?? []).map((task) => {
      const { attempt, missing, error } = progressOf(unit, task.id);
      return {
        task_id: task.id,
        name: task.name,
        intent: task.intent,
        status: unit.status === 'cancelled' ? 'cancelled' : statusOf(task, unit),
        attempt,
        max_attempts: task.retry.maxRetries + 1,
        ...(missing ? { missing: [...missing] } : {}),
        ...(error ? { error } : {}),
      };
    }),
  };
}

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
    decided_by: approval.decidedBy,
    reason: approval.reason,
  };
}

function waitingFor(
  journey: Journey,
  verdicts: readonly Verdict[],
  gate: 'open' | 'shut' | 'none',
  queuePosition: number | null,
): string {
  if (journey.status === 'queued') return `A place: number ${queuePosition ?? '?'} in the queue.`;
  if (journey.status === 'completed') return 'Nothing: the journey is completed.';
  if (gate === 'none') return 'Nothing: this is the last stage.';
  if (gate === 'open') return 'Promotion: the gate is open.';
  return [...workBlockers(journey), ...criteriaBlockers(verdicts)].join(' ') || 'Its work.';
}

function workBlockers({ units }: Journey): readonly string[] {
  return units.flatMap(({ workId, status, tasks }) => {
    if (status === 'completed') return [];
    if (status === 'failed') {
      const failedTasks = Object.entries(tasks).filter(([, task]) => task.status === 'failed');
      return failedTasks.map(
        ([id, { error }]) =>
          `Task ${id} failed (${error?.message ?? 'no reason given'}); retry-tasks --work-id=${workId} starts it again.`,
      );
    }
    const waiting = Object.entries(tasks).filter(([, task]) => task.status === 'waiting_for_input');
    if (waiting.length > 0)
      return waiting.map(
        ([id, { missing }]) => `Task ${id} waits for the input ${missing?.join(', ')}; provide-input gives it.`,
      );
    return ['Its work is under way.'];
  });
}

const criteriaBlockers = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.flatMap(({ checkId, required, outcome, message }) =>
    required && (outcome === 'failed' || outcome === 'unknown') ? [`${checkId}: ${message}`] : [],
  );
