import { z } from 'zod';
import { journeyStatuses } from '#core/journey/journey.ts';
import { DAY } from '#core/time.ts';
import { ClientId, iso, StageId, text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const listJourneys = defineUseCase({
  name: 'journey.list',
  summary: 'List journeys, by client id, a page at a time.',
  effect: 'read',
  allow: ['viewer'],
  surface: { http: { route: 'GET /api/v1/journeys' }, cli: { verb: 'list', examples: ['list --stage=pilot'] } },
  input: z.strictObject({
    stage: StageId.optional(),
    status: z.enum(journeyStatuses).optional().describe('queued, active, paused or completed.'),
    query: text(128).optional().describe('Part of a client id.'),
    cursor: ClientId.optional().describe('next_cursor of the page before.'),
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('Journeys a page.'),
  }),
  output: z.object({
    journeys: z.array(
      z.object({
        client_id: z.string(),
        status: z.enum(journeyStatuses),
        stage: z.string(),
        stage_entry: z.number(),
        version: z.number(),
        day: z.number(),
        started_at: z.string(),
        stage_started_at: z.string(),
      }),
    ),
    next_cursor: z.string().nullable(),
  }),
  run: async ({ journeys, clock }, { principal }, { stage, status, query, cursor, limit }) => {
    const rows = await journeys.list({
      stage,
      status,
      query,
      after: cursor,
      clients: principal.clients,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    return {
      journeys: page.map((row) => ({
        ...row,
        day: Math.floor(Math.max(0, clock.journey() - row.stage_started_at) / DAY) + 1,
        started_at: iso(row.started_at),
        stage_started_at: iso(row.stage_started_at),
      })),
      next_cursor: rows.length > limit ? (page.at(-1)?.client_id ?? null) : null,
    };
  },
});
