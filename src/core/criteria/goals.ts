import type { Goal, StagePlan } from '../plan.ts';
import type { Instant } from '../time.ts';
import type { Journey } from '../journey/journey.ts';
import { judgedNow } from './gate.ts';
import type { Outcome, Verdict } from './verdict.ts';

/** How a goal stands. It never holds a journey back, and never sends it back. */
export const healths = ['on_track', 'at_risk', 'unknown'] as const;
export type Health = (typeof healths)[number];

export type RecordedHealth = { readonly health: Health; readonly code: string };
export type GoalVerdict = { readonly goal: Goal; readonly health: Health; readonly verdict: Verdict };

const healthOf: Record<Outcome, Health> = {
  passed: 'on_track',
  failed: 'at_risk',
  unknown: 'unknown',
  skipped: 'unknown',
};

export const judgeGoals = (stage: StagePlan, journey: Journey, now: Instant): readonly GoalVerdict[] =>
  stage.goals.map((goal) => {
    const { verdict } = judgedNow(goal.criterion, journey, now);
    return { goal, health: healthOf[verdict.outcome], verdict };
  });

/** Those whose health is not the one recorded last. Nothing recorded is as good as unknown. */
export const changedGoals = ({ goals }: Journey, judged: readonly GoalVerdict[]): readonly GoalVerdict[] =>
  judged.filter(({ goal, health }) => health !== (goals[goal.metric]?.health ?? 'unknown'));
