import type { Json } from '../json.ts';
import type { Instant } from '../time.ts';

/** `unknown` keeps the gate shut and is never a reason to roll back; `skipped` is a criterion that the config waives. */
export type Outcome = 'passed' | 'failed' | 'unknown' | 'skipped';

export type Judgement = {
  readonly outcome: Outcome;
  /** Stable reason code, as `search_quality.below_target`, `evidence.none`. */
  readonly code: string;
  readonly message: string;
  readonly measured?: Json;
  readonly target?: Json;
  /** What it would take to pass, in words, when it did not. */
  readonly distance?: string;
  /** The soonest instant at which time alone could change this judgement. */
  readonly changesAt?: Instant;
};

export type Verdict = Judgement & {
  readonly checkId: string;
  readonly required: boolean;
  /** When what it rests on was observed (the oldest of what counts); null without evidence. */
  readonly observedAt: Instant | null;
};

export const passed = (fields: Omit<Judgement, 'outcome' | 'code'> & { readonly code?: string }): Judgement => ({
  code: 'passed',
  ...fields,
  outcome: 'passed',
});
export const failed = (code: string, fields: Omit<Judgement, 'outcome' | 'code'>): Judgement => ({
  ...fields,
  code,
  outcome: 'failed',
});
export const unknown = (code: string, message: string, fields: Partial<Judgement> = {}): Judgement => ({
  ...fields,
  code,
  message,
  outcome: 'unknown',
});
export const skipped = (message: string): Judgement => ({ outcome: 'skipped', code: 'skipped', message });
