import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { stageBefore, stageOf, type Plan, type StagePlan } from '../plan.ts';
import type { Verdict } from '../criteria/verdict.ts';
import type { RollBack } from './commands.ts';
import { compensationFor } from './compensation.ts';
import { overBudget, planAhead, presentPlan, presentStage, record, type Draft } from './draft.ts';
import { enterStage } from './enter-stage.ts';
import { movedOn } from './override.ts';
import { endPause } from './pause.ts';
import { voidApproval } from './settle.ts';
import { judgementOf } from './verdict-events.ts';

/** Back to an earlier stage: running work is cancelled, approvals are void, what can be undone is, and the target's work begins anew. */
export function rollBack(draft: Draft, { toStage, reason, entry }: RollBack): Refusal | undefined {
  const moved = movedOn(draft.journey, entry);
  if (moved) return moved;
  const from = presentStage(draft);
  const target = targetOf(draft, from, toStage);
  if (isRefusal(target)) return target;
  goBackTo(draft, from, target, reason);
  return undefined;
}

/** With verdicts it is the orchestrator that goes back, because of them. */
export function goBackTo(
  draft: Draft,
  from: StagePlan,
  target: StagePlan,
  reason: string,
  verdicts?: readonly Verdict[],
): void {
  // A rollback is a decision to go on elsewhere: it ends a pause before it begins.
  endPause(draft, reason);
  const of = { from: from.id, to: target.id, reason };
  if (verdicts)
    record(draft, { type: 'journey_rolled_back_automatically', ...of, verdicts: verdicts.map(judgementOf) });
  else {
    const late = overBudget(draft.world, presentPlan(draft).rollbackInitiation_ms);
    if (late) record(draft, { type: 'rollback_initiation_timed_out', from: from.id, ...late });
    record(draft, { type: 'journey_rolled_back', ...of });
  }
  const compensation = compensationFor(presentPlan(draft), draft.journey, target);
  stopWork(draft, 'rolled_back');
  const plan = stageOf(planAhead(draft), target.id) ? planAhead(draft) : presentPlan(draft);
  enterStage(draft, plan, stageOf(plan, target.id) ?? target, {
    kind: 'rollback',
    from: from.id,
    reason,
    completedStages: cut(draft.journey.completedStages, plan, target),
    compensation,
    ...(verdicts ? { automatic: true } : {}),
  });
}

function targetOf(draft: Draft, from: StagePlan, toStage: string | undefined): StagePlan | Refusal {
  const plan = presentPlan(draft);
  const earlier = plan.stages.filter(({ order }) => order < from.order).map(({ id }) => id);
  if (earlier.length === 0)
    return refuse(
      'stage.first',
      `${from.id} is the first stage: there is nothing to roll back to.`,
      'retry-tasks starts failed work again; complete ends the journey.',
    );
  const target = toStage === undefined ? stageBefore(plan, from) : stageOf(plan, toStage);
  if (!target)
    return refuse(
      'stage.unknown',
      `No stage is called ${toStage}.`,
      `The stages before ${from.id} are: ${earlier.join(', ')}.`,
    );
  if (target.order >= from.order)
    return refuse(
      'stage.not_earlier',
      `${target.id} is not before ${from.id}.`,
      `A rollback goes to one of: ${earlier.join(', ')}.`,
    );
  if (!draft.journey.completedStages.includes(target.id))
    return refuse(
      'stage.not_earlier',
      `${draft.journey.clientId} has never passed ${target.id}.`,
      `It has passed: ${draft.journey.completedStages.join(', ')}.`,
    );
  return target;
}

/** The target and everything after it are no longer completed. */
const cut = (completed: readonly string[], plan: Plan, target: StagePlan): readonly string[] =>
  completed.filter((id) => (stageOf(plan, id)?.order ?? 0) < target.order);

/** Units that have not ended are cancelled, and a request that is open or granted is void. */
export function stopWork(draft: Draft, why: 'rolled_back' | 'completed' | 'overridden'): void {
  for (const { workId, status } of draft.journey.units)
    if (status === 'in_progress' || status === 'failed') record(draft, { type: 'unit_cancelled', work_id: workId });
  const { approval } = draft.journey;
  if (approval?.status === 'open' || approval?.status === 'granted') voidApproval(draft, approval, why, []);
}
