import { metricValidators } from '#validators/success-metrics.ts';
import { validators } from '#validators/registry.ts';
import type { Validator } from '#validators/validator.ts';
import { checkCriterion } from './check-criterion.ts';
import type { GoalDocument } from './file-schemas.ts';
import { shown, type Problem } from './problem.ts';
import { repeated } from './repeated.ts';
import type { Locate, Path } from './zod-problems.ts';

/** What may judge a goal: whatever judges evidence, and the guide's own metrics. */
export const goalValidators: ReadonlyMap<string, Validator> = new Map(
  [...validators.values(), ...Object.values(metricValidators)]
    .filter(({ kind }) => kind === 'evidence')
    .map((validator) => [validator.name, validator]),
);

type Checked = { readonly goal: GoalDocument; readonly problems: readonly Problem[] };

/** Each goal has one of its two shapes, whole; both are known by one name. */
export function checkGoals(
  goals: readonly GoalDocument[],
  path: Path,
  locate: Locate,
): { readonly goals: GoalDocument[]; readonly problems: readonly Problem[] } {
  const checked = goals.map((goal, index) => checkGoal(goal, [...path, index], locate));
  const byMetric = goals.filter(({ metric }) => metric !== undefined).map(({ metric = '' }) => ({ metric }));
  const byCheck = goals.filter(({ check_id }) => check_id !== undefined).map(({ check_id = '' }) => ({ check_id }));
  return {
    goals: checked.map(({ goal }) => goal),
    problems: [
      ...checked.flatMap(({ problems }) => problems),
      ...repeated(byMetric, 'metric', path, locate),
      ...repeated(byCheck, 'check_id', path, locate),
    ],
  };
}

function checkGoal(goal: GoalDocument, path: Path, locate: Locate): Checked {
  if (goal.metric !== undefined && goal.check_id === undefined) return checkMetric(goal, path, locate);
  if (goal.metric === undefined && goal.check_id !== undefined) return checkAsCriterion(goal, path, locate);
  const allowed =
    goal.metric === undefined
      ? 'missing: say metric and target, or check_id, validator and parameters'
      : 'say metric or check_id, not both';
  return { goal, problems: [{ ...locate([...path, 'metric']), ...valueOf(goal.metric), allowed }] };
}

const ofCriteria = ['validator', 'parameters'] as const;
const ofMetrics = ['target', 'window_days'] as const;

function checkMetric(goal: GoalDocument, path: Path, locate: Locate): Checked {
  const missing: readonly Problem[] =
    goal.target === undefined ? [{ ...locate([...path, 'target']), allowed: 'missing: a goal needs a target' }] : [];
  return {
    goal: { ...goal, window_days: goal.window_days ?? DEFAULT_WINDOW_DAYS },
    problems: [...missing, ...strangers(goal, ofCriteria, 'goes with check_id, not with metric', path, locate)],
  };
}

/** The guide leaves the window of search_satisfaction open. */
const DEFAULT_WINDOW_DAYS = 30;

function checkAsCriterion(goal: GoalDocument, path: Path, locate: Locate): Checked {
  const { validator, parameters = {}, ...rest } = goal;
  const misplaced = strangers(
    goal,
    ofMetrics,
    'goes with metric; with check_id it is one of the parameters',
    path,
    locate,
  );
  if (validator === undefined)
    return {
      goal,
      problems: [
        ...misplaced,
        { ...locate([...path, 'validator']), allowed: 'missing: a goal with check_id needs one' },
      ],
    };
  const { accepted_sources, max_age_hours } = rest;
  const { criterion, problems } = checkCriterion(
    { validator, parameters, accepted_sources, max_age_hours },
    path,
    locate,
    goalValidators,
  );
  return { goal: { ...goal, parameters: criterion.parameters }, problems: [...misplaced, ...problems] };
}

const strangers = (
  goal: GoalDocument,
  keys: readonly (keyof GoalDocument)[],
  allowed: string,
  path: Path,
  locate: Locate,
): readonly Problem[] =>
  keys.flatMap((key) =>
    goal[key] === undefined ? [] : [{ ...locate([...path, key]), value: shown(goal[key]), allowed }],
  );

const valueOf = (value: unknown): { readonly value?: string } => (value === undefined ? {} : { value: shown(value) });
