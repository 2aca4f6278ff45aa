import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import { stageOf } from '#core/plan.ts';
import { accepts } from '#core/criteria/gate.ts';
import type { NewObservation } from '#core/journey/commands.ts';
import type { Dependencies } from '../dependencies.ts';
import { ClientId, JsonValue, text } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { effectiveRoles, type Principal } from '../principal.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';

const Observation = z.strictObject({
  kind: z.string().max(64).describe('What kind of evidence, as search_quality.'),
  subject: text(255)
    .optional()
    .describe('The connector, respondent or bug that it is about, where the kind needs one.'),
  value: JsonValue,
  observed_at: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time with its zone, as 2026-02-01T09:00:00Z' })
    .optional()
    .describe('When it was observed; now unless said.'),
  source: text(255).optional().describe('What you call the source; shown, never trusted.'),
});

export const recordEvidence = defineUseCase({
  name: 'evidence.record',
  summary: 'Record observations that exit criteria are judged on; the gate is judged again at once.',
  effect: 'write',
  allow: ['viewer'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/evidence', status: 201 },
    cli: {
      verb: 'evidence add',
      examples: [
        'evidence add --client-id="client-123" --kind=search_quality --value=\'{"precision":0.86,"k":5,"sampled":200}\'',
      ],
    },
    mcp: {
      tool: 'record_evidence',
      guidance: [
        'Record only what was measured; a token names the kinds that it may record. Values by kind:',
        'connector_status {status: error|paused|pending|syncing|synced} with subject=connector;',
        'search_quality {precision 0..1, k, sampled}; security_scan {critical, high, medium?, low?};',
        'survey_response {score} with subject=respondent;',
        'bug {severity, opened_at, closed_at?} with subject=bug id, or {all_clear: true} when there are none;',
        'performance {p95_ms, error_rate 0..1, requests, window_minutes?}; user_adoption {rate};',
        'search_satisfaction {score}; query_volume {count, previous_count}. Then check_exit_criteria.',
      ].join(' '),
    },
    slack: {
      word: 'evidence add',
      typed: ['client_id', 'kind', 'value'],
      example: 'evidence add acme search_quality precision=0.86 k=5 sampled=200',
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    observations: z
      .array(Observation)
      .min(1, 'must hold at least one observation')
      .max(500, 'must hold at most 500 observations'),
  }),
  output: z.object({
    client_id: z.string(),
    recorded: z.number(),
    stage: z.string(),
    /** Kinds that were stored and are shown, but that no criterion of the stage judges from this source. */
    not_judged: z.array(z.string()),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, observations }) => {
    const journey = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(journey)) return journey;
    const now = dependencies.clock.journey();
    const parsed: NewObservation[] = [];
    for (const [index, observation] of observations.entries()) {
      const result = parse(dependencies, call.principal, observation, now, `observations.${index}`);
      if (isRefusal(result)) return result;
      parsed.push(result);
    }
    const submitted = await submit(
      dependencies,
      call,
      client_id,
      { type: 'record_evidence', observations: parsed },
      ({ journey: after }) => ({
        client_id,
        recorded: parsed.length,
        stage: after.stage,
        not_judged: notJudged(dependencies, journey.configHash, journey.stage, parsed),
      }),
    );
    return isRefusal(submitted)
      ? submitted
      : (submitted.answer as { client_id: string; recorded: number; stage: string; not_judged: string[] });
  },
});

function parse(
  { evidenceKinds }: Dependencies,
  principal: Principal,
  { kind, subject, value, observed_at, source }: z.output<typeof Observation>,
  now: number,
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
    observedAt: observed_at === undefined ? now : Date.parse(observed_at),
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

function notJudged(
  { plans }: Dependencies,
  hash: string,
  stageId: string,
  observations: readonly NewObservation[],
): string[] {
  const stage = stageOf(plans.get(hash), stageId);
  const goals = stage?.goals.map(({ criterion }) => criterion) ?? [];
  const criteria = [...(stage?.criteria ?? []), ...(stage?.rollbackCriteria ?? []), ...goals];
  const judged = ({ kind, origin }: NewObservation) =>
    criteria.some(
      (criterion) =>
        criterion.kind === 'evidence' && criterion.evidenceKind === kind && accepts(criterion.acceptedSources, origin),
    );
  return [...new Set(observations.filter((one) => !judged(one)).map(({ kind }) => kind))];
}
