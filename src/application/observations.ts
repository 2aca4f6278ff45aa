import { refuse, type Refusal } from '#core/errors.ts';
import type { Instant } from '#core/time.ts';
import { stageOf } from '#core/plan.ts';
import { accepts } from '#core/criteria/gate.ts';
import type { NewObservation } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Dependencies } from './dependencies.ts';
import { effectiveRoles, type Principal } from './principal.ts';

/** An observation as a caller gives it: nothing of it has been checked. */
export type GivenObservation = {
  readonly kind: string;
  readonly subject?: string | undefined;
  readonly value: unknown;
  readonly observedAt: Instant;
  readonly source?: string | undefined;
};

/** The observation as it can be recorded, under the origin of who vouches for it. `path` names it in a refusal. */
export function readObservation(
  { evidenceKinds }: Pick<Dependencies, 'evidenceKinds'>,
  principal: Principal,
  { kind, subject, value, observedAt, source }: GivenObservation,
  path: string,
): NewObservation | Refusal {
  if (!evidenceKinds.names.includes(kind))
    return refuse(
      'evidence.kind_unknown',
      `${path}: no evidence is of kind ${kind}.`,
      `The kinds are: ${evidenceKinds.names.join(', ')}.`,
    );
  const origin = originOf(principal, kind);
  if (origin === null)
    return refuse(
      'evidence.source_not_accepted',
      `${path}: the word of ${principal.id} does not count for ${kind}.`,
      'Use an operator, or a token that names this evidence kind.',
      { kind },
    );
  const read = evidenceKinds.read(kind, value, subject);
  if (!read.ok)
    return refuse(
      'evidence.value_invalid',
      `${path}: ${kind} ${JSON.stringify(value)} is not valid: ${read.problem}.`,
      'Correct what is named and send it again.',
    );
  return {
    kind,
    subject: read.subject,
    value: read.value,
    observedAt,
    source: source ?? principal.id,
    origin,
    recordedBy: principal.id,
  };
}

/** Forging evidence must not be easy: people who run journeys count, others only for the kinds that their token names. */
function originOf(principal: Principal, kind: string): string | null {
  // A collector of ours: it asked the source itself. No token makes a principal of this kind.
  if (principal.kind === 'system' && principal.evidenceKinds.includes(kind)) return `collector:${principal.id}`;
  if (principal.evidenceKinds.includes(kind)) return `token:${principal.id}`;
  return principal.kind === 'user' && effectiveRoles(principal).has('operator') ? `operator:${principal.id}` : null;
}

/** Kinds that are stored and shown, but that no criterion of the stage judges from this source. */
export function notJudged(
  { plans }: Pick<Dependencies, 'plans'>,
  { configHash, stage: stageId }: Journey,
  observations: readonly NewObservation[],
): string[] {
  const stage = stageOf(plans.get(configHash), stageId);
  const goals = stage?.goals.map(({ criterion }) => criterion) ?? [];
  const criteria = [...(stage?.criteria ?? []), ...(stage?.rollbackCriteria ?? []), ...goals];
  const judged = ({ kind, origin }: NewObservation) =>
    criteria.some(
      (criterion) =>
        criterion.kind === 'evidence' && criterion.evidenceKind === kind && accepts(criterion.acceptedSources, origin),
    );
  return [...new Set(observations.filter((one) => !judged(one)).map(({ kind }) => kind))];
}
