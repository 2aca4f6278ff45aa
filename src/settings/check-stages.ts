import { validators } from '#validators/registry.ts';
import { checkCriterion } from './check-criterion.ts';
import { checkGoals } from './check-goals.ts';
import type { CriterionDocument, RollbackDocument, StageDocument } from './file-schemas.ts';
import { shown, type Problem } from './problem.ts';
import { repeated } from './repeated.ts';
import type { Locate, Path } from './zod-problems.ts';

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
    problems.push(...severalApprovals(stage.exit_criteria, path, locate));
    const exit_criteria = stage.exit_criteria.map((criterion, at) => {
      const result = checkCriterion(criterion, [...path, at], locate);
      problems.push(...result.problems);
      return result.criterion;
    });
    const rollback = checkRollback(stage, stages, ['stages', index, 'rollback_criteria'], locate);
    const goals = checkGoals(stage.success_metrics, ['stages', index, 'success_metrics'], locate);
    problems.push(...rollback.problems, ...goals.problems);
    return { ...stage, exit_criteria, rollback_criteria: rollback.criteria, success_metrics: goals.goals };
  });
  return { stages: checked, problems };
}

/** Rollback criteria are judged on evidence like exit criteria, and must say for how long they have to fail. */
function checkRollback(
  { stage_id, order, rollback_criteria }: StageDocument,
  stages: readonly StageDocument[],
  path: Path,
  locate: Locate,
): { readonly criteria: RollbackDocument[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [...repeated(rollback_criteria, 'check_id', path, locate)];
  if (rollback_criteria.length > 0 && !stages.some((other) => other.order < order))
    problems.push({
      ...locate(path),
      value: stage_id,
      allowed: 'not for the first stage: there is nothing to go back to',
    });
  const criteria = rollback_criteria.map((criterion, index) => {
    const at = [...path, index];
    const result = checkCriterion(criterion, at, locate);
    problems.push(...result.problems);
    if (validators.get(criterion.validator)?.kind === 'approval')
      problems.push({
        ...locate([...at, 'validator']),
        value: shown(criterion.validator),
        allowed: 'people decide an approval; a rollback criterion is judged on evidence',
      });
    if (criterion.consecutive === undefined && criterion.for_hours === undefined)
      problems.push({
        ...locate([...at, 'consecutive']),
        allowed: 'missing: say consecutive or for_hours, so that one bad figure does not send a client back',
      });
    return { ...criterion, parameters: result.criterion.parameters };
  });
  return { criteria, problems };
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
