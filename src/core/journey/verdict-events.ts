import type { Verdict } from '../criteria/verdict.ts';
import type { CriterionResult } from './events.ts';

/** A verdict as an event keeps it. */
export const resultOf = ({ checkId, outcome, code, measured, target, observedAt }: Verdict): CriterionResult => ({
  check_id: checkId,
  outcome,
  code,
  ...(measured === undefined ? {} : { measured }),
  ...(target === undefined ? {} : { target }),
  observed_at: observedAt,
});

export const judgementOf = (verdict: Verdict): CriterionResult & { readonly message: string } => ({
  ...resultOf(verdict),
  message: verdict.message,
});
