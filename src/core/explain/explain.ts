import { holds, isOpen } from '../criteria/gate.ts';
import type { Verdict } from '../criteria/verdict.ts';
import { durationOf, ongoing } from '../journey/durations.ts';
import type { Journey } from '../journey/journey.ts';
import { hasExit, stageOf, type Plan, type StagePlan } from '../plan.ts';
import { DAY, type Instant } from '../time.ts';
import { agoText } from './age.ts';
import { rankOf, type Blocker } from './blocker.ts';
import { gateBlockers, promotionBlocker } from './gate-blockers.ts';
import { lifecycleBlockers, reloadBlocker } from './lifecycle-blockers.ts';
import { workBlockers, type SilentSource } from './work-blockers.ts';

/** What an explanation needs to know besides the journey itself. */
export type Circumstances = {
  readonly now: Instant;
  /** Null unless it is queued. */
  readonly queuePosition: number | null;
  /** The newest reload of the configuration, if it failed; null: the configuration in force is the one in the files. */
  readonly failedReload: FailedReload | null;
  /** What collectors could not bring when they last tried. */
  readonly uncollected: readonly Uncollected[];
  /** Where agents are looked for and nobody answers. */
  readonly silentSources: readonly SilentSource[];
};

/** `problem`: one clause, without a full stop. */
export type Uncollected = { readonly collector: string; readonly kind: string; readonly problem: string };

/** `problem`: one clause. */
export type FailedReload = { readonly at: Instant; readonly problem: string };

export type Explanation = {
  /** The whole answer in one sentence. */
  readonly sentence: string;
  /** The one to deal with first at the head. */
  readonly blockers: readonly Blocker[];
  /** Of the required criteria: how many hold, of how many. */
  readonly criteria: { readonly passed: number; readonly required: number };
};

/**
 * Why a journey is where it is: what holds it up, since when, who has to do something, and what. `verdicts` are those of
 * its stage as of now; none where the stage has no exit. Pure.
 */
export function explain(
  plan: Plan,
  journey: Journey,
  verdicts: readonly Verdict[],
  { now, queuePosition, failedReload, uncollected, silentSources }: Circumstances,
): Explanation {
  const stage =
    journey.status === 'queued' || journey.status === 'completed' ? undefined : stageOf(plan, journey.stage);
  const gated = stage !== undefined && hasExit(plan, stage);
  const blockers = [
    ...lifecycleBlockers(plan, journey, queuePosition, now),
    ...(stage ? workBlockers(stage, journey, silentSources) : []),
    ...(stage ? gateBlockers(stage, journey, verdicts, uncollected) : []),
    ...(gated && journey.status === 'active' && isOpen(journey, verdicts) ? [promotionBlocker(stage, journey)] : []),
    ...(failedReload && journey.status !== 'completed' ? [reloadBlocker(failedReload)] : []),
  ].toSorted((one, other) => rankOf(one) - rankOf(other));
  const required = verdicts.filter((verdict) => verdict.required);
  const criteria = { passed: required.filter(holds).length, required: required.length };
  return { sentence: sentenceOf(stage, journey, verdicts, blockers, criteria, now), blockers, criteria };
}

function sentenceOf(
  stage: StagePlan | undefined,
  journey: Journey,
  verdicts: readonly Verdict[],
  [first]: readonly Blocker[],
  criteria: Explanation['criteria'],
  now: Instant,
): string {
  const { clientId, status } = journey;
  if (status === 'completed') return `${clientId} is completed: nothing holds it up.`;
  const where =
    status === 'queued'
      ? `${clientId} is queued`
      : `${clientId} is in ${journey.stage}, ${dayText(stage, journey, now)}`;
  if (!first) return `${where}: nothing holds it up.`;
  const age = first.since === null ? '' : ` (${agoText(now - first.since, first.kind)})`;
  const tally = verdicts.length === 0 ? '' : `; ${criteria.passed} of ${criteria.required} criteria passed`;
  return `${where}: ${first.message}${age}; next: ${first.action.text}${tally}.`;
}

function dayText(stage: StagePlan | undefined, journey: Journey, now: Instant): string {
  const { day } = durationOf(stage ?? ongoing, journey, now);
  const target = stage?.durationTarget_ms ?? null;
  return target === null ? `day ${day}` : `day ${day} of ${target / DAY}`;
}
