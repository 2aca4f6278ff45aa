import { validators } from '#validators/registry.ts';
import type { Validator } from '#validators/validator.ts';
import type { CriterionDocument } from './file-schemas.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import { problemsOf, type Locate, type Path } from './zod-problems.ts';

export type Checkable = Pick<
  CriterionDocument,
  'validator' | 'parameters' | 'accepted_sources' | 'max_age_hours' | 'consecutive' | 'hold_for_hours'
>;

/** That the validator exists and its parameters fit. Fills in the parameters' defaults. */
export function checkCriterion<C extends Checkable>(
  criterion: C,
  path: Path,
  locate: Locate,
  known: ReadonlyMap<string, Validator> = validators,
): { readonly criterion: C; readonly problems: readonly Problem[] } {
  const validator = known.get(criterion.validator);
  if (!validator) {
    const allowed = `no such validator; ${allowedText(criterion.validator, [...known.keys()])}`;
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

/** People decide an approval: sources, ages and repetition of evidence have nothing to act on there. */
function evidenceKeys(criterion: Checkable, path: Path, locate: Locate): readonly Problem[] {
  return (['accepted_sources', 'max_age_hours', 'consecutive', 'hold_for_hours'] as const).flatMap((key) =>
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

function ageTwice(criterion: Checkable, path: Path, locate: Locate): readonly Problem[] {
  const inside = criterion.parameters['max_age_hours'];
  const { max_age_hours } = criterion;
  if (max_age_hours === undefined || inside === undefined || inside === max_age_hours) return [];
  const allowed = `parameters.max_age_hours says ${shown(inside)}; say it once`;
  return [{ ...locate([...path, 'max_age_hours']), value: shown(max_age_hours), allowed }];
}
