import { explain } from '#core/explain/explain.ts';
import type { Digest } from '#core/criteria/gate.ts';
import type { Journey } from '#core/journey/journey.ts';
import { stageOf, type Plan } from '#core/plan.ts';
import type { Instant } from '#core/time.ts';
import { iso } from '../fields.ts';
import { verdictsNow } from '../view.ts';

/** A journey as others show it. Nothing in it changes by time alone, so that only what happens is published. */
export type JourneyDocument = {
  readonly clientId: string;
  readonly title: string;
  readonly status: string;
  readonly stage: string;
  readonly startedAt: Instant;
  readonly stageStartedAt: Instant;
  readonly criteriaPassed: number;
  readonly criteriaRequired: number;
  /** Plain text, line by line. */
  readonly text: string;
};

export function journeyDocument(plan: Plan, journey: Journey, now: Instant, digest: Digest): JourneyDocument {
  const { clientId, status, stage, startedAt, stageStartedAt, completedStages } = journey;
  const verdicts = verdictsNow(plan, journey, now, digest) ?? [];
  // The queue moves without any event of this journey; what is in force here concerns all of them.
  const circumstances = { now, queuePosition: null, failedReload: null, uncollected: [], silentSources: [] };
  const { blockers, criteria } = explain(plan, journey, verdicts, circumstances);
  const waits = status === 'queued' ? ['it waits for a place'] : blockers.map(({ message }) => message);
  const lines = [
    `Stage: ${stageOf(plan, stage)?.name ?? stage}, since ${iso(stageStartedAt)}`,
    `Status: ${status}`,
    `Completed stages: ${completedStages.join(', ') || 'none'}`,
    ...(criteria.required > 0 ? [`Criteria: ${criteria.passed} of ${criteria.required} passed`] : []),
    ...verdicts.map(({ checkId, outcome }) => `- ${checkId}: ${outcome}`),
    ...waits.map((what) => `Waits: ${what}`),
  ];
  return {
    clientId,
    title: `${clientId}: ${status === 'completed' ? 'completed' : stage}`,
    status,
    stage,
    startedAt,
    stageStartedAt,
    criteriaPassed: criteria.passed,
    criteriaRequired: criteria.required,
    text: lines.join('\n'),
  };
}
