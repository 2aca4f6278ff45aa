import { figure } from '#application/notifications/words.ts';
import { LINE, ago, cut, wrapped } from './text.ts';

/** A criterion as the use-cases answer it. */
export type CriterionView = {
  readonly check_id: string;
  readonly name: string;
  readonly required: boolean;
  readonly outcome: 'passed' | 'failed' | 'unknown' | 'skipped';
  readonly message: string;
  readonly measured?: unknown;
  readonly target?: unknown;
  readonly observed_at: string | null;
};

const marks = { passed: '✓', failed: '✗', unknown: '?', skipped: '–' } as const;

/** Two or three short lines: what it is, measured against target with its age, and why where it does not hold. */
export function criterionLines(criterion: CriterionView, now: number): string {
  const { name, required, outcome, message, measured, target, observed_at } = criterion;
  const title = cut(`${marks[outcome]} ${name}${required ? '' : ' (not required)'}`, LINE);
  const figures = [
    ...(measured === undefined ? [] : [figure(measured)]),
    ...(target === undefined ? [] : [`target ${figure(target)}`]),
    ...(observed_at === null ? [] : [ago(Date.parse(observed_at), now)]),
  ].join(' · ');
  return [
    title,
    ...(figures === '' ? [] : [wrapped(figures, '   ')]),
    ...(outcome === 'failed' || outcome === 'unknown' ? [wrapped(message, '   ')] : []),
  ].join('\n');
}
