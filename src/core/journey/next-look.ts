import type { StagePlan } from '../plan.ts';
import type { Instant } from '../time.ts';
import { approvalCriterion } from '../criteria/gate.ts';
import type { Verdict } from '../criteria/verdict.ts';
import { durationIsDue, durationOf } from './durations.ts';
import type { Journey } from './journey.ts';
import { reminderDueAt } from './remind.ts';

/**
 * The soonest instant at which time alone changes something: a verdict (evidence grows old, a window closes, a request
 * expires), how the stage stands against its target, or a reminder that is due. Null: nothing waits for time.
 */
export function nextChange(
  stage: StagePlan,
  journey: Journey,
  judged: readonly Pick<Verdict, 'changesAt'>[],
  now: Instant,
): Instant | null {
  const edges = [
    ...judged.map(({ changesAt }) => changesAt),
    durationOf(stage, journey, now).changesAt,
    reminderDueAt(journey.approval, approvalCriterion(stage)?.rule),
  ].filter((edge) => edge !== undefined && edge !== null);
  return edges.length > 0 ? Math.max(Math.min(...edges), now + 1) : null;
}

/** Whether time alone has made something due that only a recorded event settles. */
export function timeIsUp(stage: StagePlan, journey: Journey, now: Instant): boolean {
  const { approval } = journey;
  const reminder = reminderDueAt(approval, approvalCriterion(stage)?.rule);
  return (
    durationIsDue(stage, journey, now) ||
    (approval?.status === 'open' && now > approval.expiresAt) ||
    (reminder !== null && now >= reminder)
  );
}
