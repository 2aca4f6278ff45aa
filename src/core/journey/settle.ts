import { hasExit, stageAfter, stageOf, type ApprovalCriterion, type StagePlan } from '../plan.ts';
import {
  approvalCriterion,
  digestOf,
  holds,
  isOpen,
  judgeStage,
  missedTheTime,
  outcomesOf,
  workDone,
} from '../criteria/gate.ts';
import { judgeGoals } from '../criteria/goals.ts';
import { rollbackTrigger } from '../criteria/rollback-criteria.ts';
import type { Verdict } from '../criteria/verdict.ts';
import { SECOND } from '../time.ts';
import { leftBehind } from './compensation.ts';
import { overBudget, planAhead, presentPlan, presentStage, record, type Draft } from './draft.ts';
import { followDuration } from './durations.ts';
import { enterStage } from './enter-stage.ts';
import type { StageEntered } from './events.ts';
import type { Approval } from './journey.ts';
import { recordGoals, recordRegressions, recordStreaks } from './track.ts';
import { judgementOf, resultOf } from './verdict-events.ts';
import { rollBackAutomatically } from './auto-roll-back.ts';
import { nextChange } from './next-look.ts';
import { remind } from './remind.ts';

/** Judges the stage and lets follow what must: an approval is asked for or void, verdicts are recorded, the gate opens. */
export function settle(draft: Draft): void {
  if (draft.journey.status !== 'active') return;
  const stage = presentStage(draft);
  const { stageEntry } = draft.journey;
  followDuration(draft, stage);
  recordStreaks(draft, stage);
  if (rollBackAutomatically(draft, stage)) return;
  recordGoals(draft, stage);
  let verdicts: readonly Verdict[] = [];
  if (hasExit(presentPlan(draft), stage)) {
    verdicts = judgeAgain(draft, stage);
    if (verdicts.some(missedTheTime)) noteMissed(draft, stage, verdicts);
    else {
      if (settleApproval(draft, stage, verdicts)) verdicts = judgeAgain(draft, stage);
      if (isOpen(draft.journey, verdicts) && stage.autoPromotion)
        promote(draft, stage, verdicts, 'promotion', 'All exit criteria are met.');
      if (draft.journey.stageEntry !== stageEntry) return;
    }
    recordChanges(draft, verdicts);
  }
  const { journey, world } = draft;
  const goals = judgeGoals(stage, journey, world.now).map(({ verdict }) => verdict);
  const trigger = rollbackTrigger(presentPlan(draft), stage, journey, world.now);
  draft.lookAt = nextChange(stage, journey, [...verdicts, ...goals, trigger], world.now);
}

/**
 * What was not judged in time neither opens the gate nor touches an approval: it says nothing about the client. Told once,
 * not at every further evaluation that misses its time.
 */
function noteMissed(draft: Draft, stage: StagePlan, verdicts: readonly Verdict[]): void {
  const { verdicts: known } = draft.journey;
  const fresh = verdicts.filter((one) => missedTheTime(one) && known[one.checkId]?.code !== one.code);
  if (fresh.length === 0) return;
  record(draft, {
    type: 'exit_criteria_validation_timed_out',
    stage: stage.id,
    check_ids: fresh.map(({ checkId }) => checkId),
    budget_seconds: presentPlan(draft).exitValidation_ms / SECOND,
  });
}

/** Keeps what the criteria say now, and nothing else. */
export function judge(draft: Draft): void {
  if (draft.journey.status !== 'active') return;
  const stage = presentStage(draft);
  recordStreaks(draft, stage);
  recordGoals(draft, stage);
  if (!hasExit(presentPlan(draft), stage)) return;
  const verdicts = judgeAgain(draft, stage);
  if (verdicts.some(missedTheTime)) noteMissed(draft, stage, verdicts);
  recordChanges(draft, verdicts);
}

export const judgeAgain = (draft: Draft, stage: StagePlan): readonly Verdict[] =>
  judgeStage(stage, draft.journey, draft.world.now, draft.world.digest, draft.world.overtime);

/**
 * A verdict that opens the gate is recorded with the transition itself, not a second time as a judgement. A gate that was
 * found open too long ago is not passed any more: that is recorded, and the next evaluation looks anew.
 */
export function promote(
  draft: Draft,
  stage: StagePlan,
  results: readonly Verdict[],
  kind: 'promotion' | 'override',
  reason: string,
  override?: NonNullable<StageEntered['override']>,
): void {
  const plan = planAhead(draft);
  const next = stageAfter(plan, stageOf(plan, stage.id) ?? stage);
  if (!next) return;
  if (gaveUpLate(draft, stage, kind)) return;
  const { approval, completedStages } = draft.journey;
  enterStage(draft, plan, next, {
    kind,
    from: stage.id,
    reason,
    completedStages: [...completedStages.filter((id) => id !== stage.id), stage.id],
    results: results.map(resultOf),
    ...(approval?.status === 'granted' ? { approvalId: approval.id } : {}),
    ...(override ? { override } : {}),
    compensation: leftBehind(draft.journey),
  });
}

/** True when the gate was to be passed too long ago: that is recorded, and the journey stays where it is. */
export function gaveUpLate(draft: Draft, stage: StagePlan, kind: 'promotion' | 'override'): boolean {
  const late = overBudget(draft.world, presentPlan(draft).stageTransition_ms);
  const next = late && stageAfter(planAhead(draft), stageOf(planAhead(draft), stage.id) ?? stage);
  if (!next) return false;
  record(draft, { type: 'stage_transition_timed_out', kind, from: stage.id, to: next.id, ...late });
  return true;
}

function recordChanges(draft: Draft, verdicts: readonly Verdict[]): void {
  const known = draft.journey.verdicts;
  const changed = verdicts.filter(
    ({ checkId, outcome, code }) => known[checkId]?.outcome !== outcome || known[checkId].code !== code,
  );
  if (changed.length === 0) return;
  record(draft, { type: 'criteria_judged', verdicts: changed.map(judgementOf) });
  recordRegressions(draft, known, changed);
}

/** Keeps at most one open request, bound to what the other criteria say now. True when it recorded something. */
function settleApproval(draft: Draft, stage: StagePlan, verdicts: readonly Verdict[]): boolean {
  const criterion = approvalCriterion(stage);
  if (!criterion?.rule.needed) return false;
  const others = verdicts.filter(({ checkId }) => checkId !== criterion.checkId);
  const recorded = draft.events.length;
  voidIfMoved(draft, others);
  remind(draft, criterion.rule);
  if (mayAsk(draft, others)) ask(draft, criterion, others);
  return draft.events.length > recorded;
}

function voidIfMoved(draft: Draft, others: readonly Verdict[]): void {
  const { approval } = draft.journey;
  if (approval?.status !== 'open') return;
  if (draft.world.now > approval.expiresAt) return voidApproval(draft, approval, 'expired', []);
  const changed = changedSince(approval, draft, others);
  if (changed) voidApproval(draft, approval, 'stale', changed);
}

/** The checks whose outcome is not what the people were shown; undefined: nothing has moved. */
export function changedSince(
  approval: Approval,
  draft: Draft,
  others: readonly Verdict[],
): readonly string[] | undefined {
  if (digestOf(draft.journey, others, draft.world.digest) === approval.digest) return undefined;
  const now = outcomesOf(others);
  const checks = new Set([...Object.keys(now), ...Object.keys(approval.outcomes)]);
  return [...checks].flatMap((id) =>
    now[id] === approval.outcomes[id] ? [] : [`${id}: ${approval.outcomes[id] ?? 'absent'} -> ${now[id] ?? 'absent'}`],
  );
}

export const voidApproval = (
  draft: Draft,
  { id }: Approval,
  why: 'stale' | 'expired' | 'rolled_back' | 'asked_again' | 'completed' | 'overridden',
  changed: readonly string[],
): void => record(draft, { type: 'approval_voided', approval_id: id, why, changed });

/** People are asked once everything else is there; a rejection stands until somebody asks again on purpose. */
function mayAsk(draft: Draft, others: readonly Verdict[]): boolean {
  if (!isReadyToAsk(draft, others)) return false;
  const { approval } = draft.journey;
  switch (approval?.status) {
    case undefined:
    case 'void':
      return true;
    case 'granted':
      return digestOf(draft.journey, others, draft.world.digest) !== approval?.digest;
    case 'open':
    case 'rejected':
      return false;
  }
}

export const isReadyToAsk = (draft: Draft, others: readonly Verdict[]): boolean =>
  workDone(draft.journey) && others.every(holds);

export function ask(draft: Draft, { checkId, rule }: ApprovalCriterion, others: readonly Verdict[]): void {
  const { journey, world } = draft;
  record(draft, {
    type: 'approval_requested',
    approval_id: `apr-${journey.clientId}:${journey.stageEntry}:${journey.version + 1}`,
    check_id: checkId,
    entry: journey.stageEntry,
    digest: digestOf(journey, others, world.digest),
    outcomes: outcomesOf(others),
    approvers: rule.approvers,
    min_approvals: rule.minApprovals,
    expires_at: world.now + rule.expiresAfter_ms,
  });
}
