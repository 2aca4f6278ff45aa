import { validators } from '#validators/registry.ts';
import type { CriterionDocument, StageDocument } from './file-schemas.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import { problemsOf, type Locate, type Path } from './zod-problems.ts';

export type StagesChecked = { readonly stages: readonly StageDocument[]; readonly problems: readonly Problem[] };

/** What no single key shows: ids and orders that repeat, validators and parameters that nobody knows. Fills in parameters' defaults. */
export function checkStages(stages: readonly StageDocument[], locate: Locate): StagesChecked {
  const problems: Problem[] = [
    ...repeated(stages, 'stage_id', ['stages'], locate),
    ...repeated(stages, 'order', ['stages'], locate),
  ];
  const checked = stages.map((stage, index) => {
    const path = ['stages', index, 'exit_criteria'];
    problems.push(...repeated(stage.exit_criteria, 'check_id', path, locate));
    problems.push(...repeated(stage.success_metrics, 'metric', ['stages', index, 'success_metrics'], locate));
    problems.push(...severalApprovals(stage.exit_criteria, path, locate));
    const exit_criteria = stage.exit_criteria.map((criterion, at) => {
      const result = checkCriterion(criterion, [...path, at], locate);
      problems.push(...result.problems);
      return result.criterion;
    });
    return { ...stage, exit_criteria };
  });
  return { stages: checked, problems };
}

/** Two items of a list with the same value under `key`: reported at the later one, naming the first. */
export function repeated<K extends string>(
  items: readonly { readonly [key in K]: string | number }[],
  key: K,
  path: Path,
  locate: Locate,
): readonly Problem[] {
  const first = new Map<string | number, number>();
  return items.flatMap((item, index) => {
    const earlier = first.get(item[key]);
    if (earlier === undefined) {
      first.set(item[key], index);
      return [];
    }
    const allowed = `must be unique; the item at position ${earlier + 1} has it already`;
    return [{ ...locate([...path, index, key]), value: shown(item[key]), allowed }];
  });
}

function checkCriterion(
  criterion: CriterionDocument,
  path: Path,
  locate: Locate,
): { readonly criterion: CriterionDocument; readonly problems: readonly Problem[] } {
  const validator = validators.get(criterion.validator);
  if (!validator) {
    const allowed = `no such validator; ${allowedText(criterion.validator, [...validators.keys()])}`;
    const problem = { ...locate([...path, 'validator']), value: shown(criterion.validator), allowed };
    return { criterion, problems: [problem] };
  }
  const meaningless = validator.kind === 'approval' ? evidenceKeys(criterion, path, locate) : [];
  const at = [...path, 'parameters'];
  const { max_age_hours } = criterion;
  const given =
    validator.kind === 'approval' || max_age_hours === undefined
      ? criterion.parameters
      : { ...criterion.parameters, max_age_hours };
  const parsed = validator.parameters.safeParse(given);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, validator.parameters, criterion.parameters, locate, at);
    return { criterion, problems: [...meaningless, ...problems.map((each) => named(each, validator.name))] };
  }
  const parameters = parsed.data as CriterionDocument['parameters'];
  return { criterion: { ...criterion, parameters }, problems: [...meaningless, ...ageTwice(criterion, path, locate)] };
}

const named = (problem: Problem, validator: string): Problem => ({
  ...problem,
  allowed: `${problem.allowed} (a parameter of ${validator})`,
});

/** People decide an approval: sources and ages of evidence have nothing to act on there. */
function evidenceKeys(criterion: CriterionDocument, path: Path, locate: Locate): readonly Problem[] {
  return (['accepted_sources', 'max_age_hours'] as const).flatMap((key) =>
    criterion[key] === undefined
      ? []
      : [
          {
            ...locate([...path, key]),
            value: shown(criterion[key]),
            allowed: `not for ${criterion.validator}, which people decide`,
          },
        ],
  );
}

function ageTwice(criterion: CriterionDocument, path: Path, locate: Locate): readonly Problem[] {
  const inside = criterion.parameters['max_age_hours'];
  const { max_age_hours } = criterion;
  if (max_age_hours === undefined || inside === undefined || inside === max_age_hours) return [];
  const allowed = `parameters.max_age_hours says ${shown(inside)}; say it once`;
  return [{ ...locate([...path, 'max_age_hours']), value: shown(max_age_hours), allowed }];
}

// A request for approval is bound to one criterion, and a stage has at most one open request.
function severalApprovals(criteria: readonly CriterionDocument[], path: Path, locate: Locate): readonly Problem[] {
  const approvals = criteria.flatMap(({ validator }, index) =>
    validators.get(validator)?.kind === 'approval' ? [index] : [],
  );
  return approvals.slice(1).map((index) => ({
    ...locate([...path, index, 'validator']),
    value: shown(criteria[index]?.validator),
    allowed: 'a stage has at most one approval; use min_approvals and approvers for more people',
  }));
}
