import type { Plan, StagePlan } from '../plan.ts';
import type { Instant } from '../time.ts';
import { approvalCriterion } from '../criteria/gate.ts';
import { changedGoals, judgeGoals } from '../criteria/goals.ts';
import { movedStreaks, rollbackTrigger } from '../criteria/rollback-criteria.ts';
import type { Verdict } from '../criteria/verdict.ts';
import { durationIsDue, durationOf } from './durations.ts';
import type { Journey } from './journey.ts';
import { reminderDueAt } from './remind.ts';

/**
 * The soonest instant at which time alone changes something: a verdict (evidence grows old, a window closes, a request
 * expires), a goal, a rollback criterion, how the stage stands against its target, or a reminder that is due. Null: nothing
 * waits for time.
 */
export function nextChange(
  plan: Plan,
  stage: StagePlan,
  journey: Journey,
  verdicts: readonly Verdict[],
  now: Instant,
): Instant | null {
  const edges = [
    ...verdicts.map(({ changesAt }) => changesAt),
    ...judgeGoals(stage, journey, now).map(({ verdict }) => verdict.changesAt),
    rollbackTrigger(plan, stage, journey, now).changesAt,
    durationOf(stage, journey, now).changesAt,
    reminderDueAt(journey.approval, approvalCriterion(stage)?.rule),
  ].filter((edge) => edge !== undefined && edge !== null);
  return edges.length > 0 ? Math.max(Math.min(...edges), now + 1) : null;
}

/** Whether time alone has made something due that only a recorded event settles. */
export function timeIsUp(plan: Plan, stage: StagePlan, journey: Journey, now: Instant): boolean {
  const { approval } = journey;
  const reminder = reminderDueAt(approval, approvalCriterion(stage)?.rule);
  return (
    durationIsDue(stage, journey, now) ||
    rollbackTrigger(plan, stage, journey, now).verdicts.length > 0 ||
    changedGoals(journey, judgeGoals(stage, journey, now)).length > 0 ||
    Object.keys(movedStreaks(stage, journey, now)).length > 0 ||
    (approval?.status === 'open' && now > approval.expiresAt) ||
    (reminder !== null && now >= reminder)
  );
}
