import type { z } from 'zod';
import type { Judgement } from '#core/criteria/verdict.ts';
import type { Observation } from '#core/criteria/evidence.ts';
import type { JudgeContext } from '#core/plan.ts';

/** An observation whose value has been parsed by its kind's schema. */
export type Seen<V> = Omit<Observation, 'value'> & { readonly value: V };

/**
 * One file makes a validator exist: what evidence it reads, its parameters, and a pure judgement.
 * Shapes: `parameters` is the zod schema of the `parameters` block in stages.yaml.
 */
export type Validator<P extends z.ZodType = z.ZodType, V = unknown> = {
  readonly name: string;
  /** The evidence kind, or `approval` for a criterion that people decide. */
  readonly evidence: string;
  readonly parameters: P;
  /** Origins that count unless the criterion says otherwise. */
  readonly acceptedSources: readonly string[];
  readonly scope: 'stage' | 'history';
  readonly judge: (seen: readonly Seen<V>[], parameters: z.output<P>, context: JudgeContext) => Judgement;
};

export const defineValidator = <P extends z.ZodType, V>(validator: Validator<P, V>): Validator<P, V> => validator;
