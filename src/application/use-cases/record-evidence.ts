import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import type { NewObservation } from '#core/journey/commands.ts';
import { ClientId, JsonValue, text } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { notJudged, readObservation, type GivenObservation } from '../observations.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';

const Observation = z.strictObject({
  kind: z.string().max(64).describe('What kind of evidence, as search_quality.'),
  subject: text(255)
    .optional()
    .describe('The connector, respondent, bug or scanning tool that it is about, where the kind has one.'),
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
        'search_quality {precision 0..1, k, sampled}; security_scan {critical, high, medium?, low?} with subject=tool where several scan;',
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
      const result = readObservation(dependencies, call.principal, given(observation, now), `observations.${index}`);
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
        not_judged: notJudged(dependencies, journey, parsed),
      }),
    );
    return isRefusal(submitted)
      ? submitted
      : (submitted.answer as { client_id: string; recorded: number; stage: string; not_judged: string[] });
  },
});

const given = ({ observed_at, ...observation }: z.output<typeof Observation>, now: number): GivenObservation => ({
  ...observation,
  observedAt: observed_at === undefined ? now : Date.parse(observed_at),
});
