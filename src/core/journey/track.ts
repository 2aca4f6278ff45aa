import type { StagePlan } from '../plan.ts';
import { changedGoals, judgeGoals } from '../criteria/goals.ts';
import { movedStreaks } from '../criteria/rollback-criteria.ts';
import type { Verdict } from '../criteria/verdict.ts';
import { record, type Draft } from './draft.ts';
import type { Journey } from './journey.ts';

/** What counts only once it has lasted is written down at every look, so that a restart forgets nothing of it. */
export function recordStreaks(draft: Draft, stage: StagePlan): void {
  const streaks = movedStreaks(stage, draft.journey, draft.world.now);
  if (Object.keys(streaks).length > 0) record(draft, { type: 'criteria_tracked', streaks });
}

export function recordGoals(draft: Draft, stage: StagePlan): void {
  const changed = changedGoals(draft.journey, judgeGoals(stage, draft.journey, draft.world.now));
  if (changed.length === 0) return;
  record(draft, {
    type: 'goals_judged',
    goals: changed.map(({ goal, health, verdict: { code, message, measured, target, observedAt } }) => ({
      metric: goal.metric,
      health,
      code,
      message,
      ...(measured === undefined ? {} : { measured }),
      ...(target === undefined ? {} : { target }),
      observed_at: observedAt,
    })),
  });
}

/** Told once a stage entry, however often the figure crosses the line. */
export function recordRegressions(draft: Draft, before: Journey['verdicts'], changed: readonly Verdict[]): void {
  for (const { checkId, outcome, message } of changed)
    if (outcome === 'failed' && before[checkId]?.outcome === 'passed' && !draft.journey.regressed.includes(checkId))
      record(draft, { type: 'criterion_regressed', check_id: checkId, message });
}
