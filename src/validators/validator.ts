import type { z } from 'zod';
import { unknown, type Judgement } from '#core/criteria/verdict.ts';
import type { Observation } from '#core/criteria/evidence.ts';
import type { JsonObject } from '#core/json.ts';
import type { ApprovalRule, Judge, JudgeContext } from '#core/plan.ts';
import { HOUR } from '#core/time.ts';
import { readValue, type EvidenceKind, type EvidenceValue } from './evidence-kinds.ts';

/** An observation whose value has been parsed by its kind's schema. */
export type Seen<V> = Omit<Observation, 'value'> & { readonly value: V };

/** Every validator that reads evidence says how old it may be; null: it never grows old. */
export type WithAge = { readonly max_age_hours: number | null };

/**
 * One file makes a validator exist: what evidence it reads, its parameters, and a pure judgement.
 * `parameters` is the zod schema of the `parameters` block in stages.yaml.
 */
export type EvidenceRule<K extends EvidenceKind, P extends z.ZodType<WithAge>> = {
  readonly name: string;
  readonly evidence: K;
  readonly parameters: P;
  /** `history`: the judge sees everything that is known and minds the age itself. */
  readonly scope: 'stage' | 'history';
  readonly judge: (
    seen: readonly Seen<EvidenceValue<K>>[],
    parameters: z.output<P>,
    context: JudgeContext,
  ) => Judgement;
};

/** A criterion that people decide: there is nothing to judge, only rules for who may say yes. */
export type ApprovalKind<P extends z.ZodType> = {
  readonly name: string;
  readonly parameters: P;
  readonly rule: (parameters: z.output<P>) => ApprovalRule;
};

/** A validator as the registry holds it: its own types are closed in, `bind` throws on parameters that do not fit. */
export type Validator =
  | {
      readonly kind: 'evidence';
      readonly name: string;
      readonly evidence: EvidenceKind;
      readonly parameters: z.ZodType;
      readonly scope: 'stage' | 'history';
      readonly bind: (parameters: unknown) => Bound;
    }
  | {
      readonly kind: 'approval';
      readonly name: string;
      readonly parameters: z.ZodType;
      readonly bind: (parameters: unknown) => ApprovalRule;
    };

export type Bound = { readonly judge: Judge; readonly maxAge_ms: number | null; readonly parameters: JsonObject };

export function defineValidator<K extends EvidenceKind, P extends z.ZodType<WithAge>>(
  rule: EvidenceRule<K, P>,
): Validator {
  const { name, evidence, parameters, scope } = rule;
  return { kind: 'evidence', name, evidence, parameters, scope, bind: (given) => bound(rule, given) };
}

export function defineApproval<P extends z.ZodType>({ name, parameters, rule }: ApprovalKind<P>): Validator {
  return { kind: 'approval', name, parameters, bind: (given) => rule(parameters.parse(given)) };
}

function bound<K extends EvidenceKind, P extends z.ZodType<WithAge>>(rule: EvidenceRule<K, P>, given: unknown): Bound {
  const parameters = rule.parameters.parse(given);
  const { max_age_hours } = parameters;
  const judge: Judge = (observations, context) => {
    // A validator with a bug must neither open a gate nor stop the engine.
    try {
      return judgeParsed(rule, parameters, observations, context);
    } catch (error) {
      return unknown(
        'validator.failed',
        `${rule.name} failed: ${error instanceof Error ? error.message : String(error)}`,
        {
          distance: `a mended ${rule.name}`,
        },
      );
    }
  };
  // A judge of history minds the age itself: the gate must not drop an old bug that is still open.
  const aged = max_age_hours !== null && rule.scope === 'stage';
  return { judge, maxAge_ms: aged ? max_age_hours * HOUR : null, parameters: { ...(parameters as JsonObject) } };
}

// An observation is judged again and again while it is the newest; its value is read once.
const readBefore = new WeakMap<Observation, unknown>();

function valueOf<K extends EvidenceKind>(kind: K, observation: Observation): EvidenceValue<K> | undefined {
  const known = readBefore.get(observation);
  if (known !== undefined) return known as EvidenceValue<K>;
  const value = readValue(kind, observation.value);
  if (value !== undefined) readBefore.set(observation, value);
  return value;
}

function judgeParsed<K extends EvidenceKind, P extends z.ZodType<WithAge>>(
  rule: EvidenceRule<K, P>,
  parameters: z.output<P>,
  observations: readonly Observation[],
  context: JudgeContext,
): Judgement {
  const seen: Seen<EvidenceValue<K>>[] = [];
  for (const observation of observations) {
    const value = valueOf(rule.evidence, observation);
    if (value === undefined) {
      const { subject, source } = observation;
      return unknown(
        'evidence.unreadable',
        `A ${rule.evidence} value cannot be read (subject ${subject}, from ${source}).`,
        {
          distance: `the same ${rule.evidence} evidence recorded anew`,
        },
      );
    }
    seen.push({ ...observation, value });
  }
  return rule.judge(seen, parameters, context);
}
