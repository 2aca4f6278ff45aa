import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { ClientId, iso } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { defineUseCase } from '../use-case.ts';

export const showEvidence = defineUseCase({
  name: 'evidence.show',
  summary: 'The newest evidence of a journey: what was observed, by whom, and in which stage entry.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys/:client_id/evidence' },
    cli: { verb: 'evidence list', examples: ['evidence list --client-id="client-123"'] },
    slack: { word: 'evidence list', typed: ['client_id'], example: 'evidence list acme' },
    without: { mcp: 'Check_exit_criteria shows what was measured against each criterion.' },
  },
  input: z.strictObject({
    client_id: ClientId,
    limit: z.coerce.number().int().min(1).max(500).default(100).describe('Observations, newest first.'),
  }),
  output: z.object({
    client_id: z.string(),
    evidence: z.array(
      z.object({
        seq: z.number(),
        kind: z.string(),
        subject: z.string(),
        value: z.unknown(),
        observed_at: z.string(),
        source: z.string(),
        origin: z.string(),
        recorded_by: z.string(),
        stage_entry: z.number(),
      }),
    ),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, { principal }, { client_id, limit }) => {
    const journey = await knownJourney(dependencies, principal, client_id);
    if (isRefusal(journey)) return journey;
    const rows = await dependencies.journeys.evidence(client_id, limit);
    return { client_id, evidence: rows.map((row) => ({ ...row, observed_at: iso(row.observed_at) })) };
  },
});
