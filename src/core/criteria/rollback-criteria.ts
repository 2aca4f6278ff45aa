import type { Plan, RollbackCriterion, StagePlan } from '../plan.ts';
import type { Instant } from '../time.ts';
import type { Journey } from '../journey/journey.ts';
import { judgedNow } from './gate.ts';
import { hasLasted, prolonged, type Streak, type Streaks } from './hysteresis.ts';
import type { Verdict } from './verdict.ts';

/** Exit and rollback criteria may have the same check id; their streaks are kept apart. */
export const rollbackKey = (checkId: string): string => `rollback:${checkId}`;

/** The streaks that one more look has moved, of every criterion of the stage that counts only once it has lasted. */
export function movedStreaks(stage: StagePlan, journey: Journey, now: Instant): Streaks {
  const moved: Record<string, Streak> = {};
  const look = (key: string, criterion: RollbackCriterion): void => {
    const before = journey.streaks[key];
    const after = prolonged(before, judgedNow(criterion, journey, now), now);
    if (after !== before) moved[key] = after;
  };
  for (const criterion of stage.criteria)
    if (criterion.kind === 'evidence' && criterion.hysteresis)
      look(criterion.checkId, { ...criterion, hysteresis: criterion.hysteresis });
  for (const criterion of stage.rollbackCriteria) look(rollbackKey(criterion.checkId), criterion);
  return moved;
}

/** Where an automatic rollback leads: the last stage before this one that the journey has passed. */
export const lastPassed = (plan: Plan, stage: StagePlan, { completedStages }: Journey): StagePlan | undefined =>
  plan.stages.findLast(({ id, order }) => order < stage.order && completedStages.includes(id));

export type Trigger = {
  /** The rollback criteria that have failed for long enough; empty: there is no reason to go back. */
  readonly verdicts: readonly Verdict[];
  /** When time alone could make it so. */
  readonly changesAt?: Instant;
};

/** Whether the stage's rollback criteria ask for a rollback. Unknown never does. */
export function rollbackTrigger(plan: Plan, stage: StagePlan, journey: Journey, now: Instant): Trigger {
  if (!plan.autoRollback.enabled || journey.rollbackRefused || !lastPassed(plan, stage, journey))
    return { verdicts: [] };
  const verdicts: Verdict[] = [];
  const edges: Instant[] = [];
  for (const criterion of stage.rollbackCriteria) {
    const sighting = judgedNow(criterion, journey, now);
    const { verdict } = sighting;
    if (verdict.changesAt !== undefined) edges.push(verdict.changesAt);
    if (verdict.outcome !== 'failed') continue;
    const { hysteresis } = criterion;
    const streak = prolonged(journey.streaks[rollbackKey(criterion.checkId)], sighting, now);
    if (hasLasted(streak, hysteresis, now)) verdicts.push(verdict);
    else if (streak.count >= hysteresis.consecutive) edges.push(streak.since + hysteresis.hold_ms);
  }
  return { verdicts, ...(edges.length > 0 ? { changesAt: Math.min(...edges) } : {}) };
}
