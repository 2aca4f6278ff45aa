import { z } from 'zod';
import { journeyStatuses } from '#core/journey/journey.ts';
import { durationOf, ongoing } from '#core/journey/durations.ts';
import { stageOf } from '#core/plan.ts';
import { ClientId, iso, StageId, text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const listJourneys = defineUseCase({
  name: 'journey.list',
  summary: 'List journeys, by client id, a page at a time.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys' },
    cli: { verb: 'list', examples: ['list --stage=pilot'] },
    mcp: { tool: 'list_journeys', guidance: 'Then get_journey on one of them.' },
    slack: { word: 'list', typed: ['query'], example: 'list stage=pilot' },
  },
  input: z.strictObject({
    stage: StageId.optional(),
    status: z.enum(journeyStatuses).optional().describe('queued, active, paused or completed.'),
    started_by: text(255).optional().describe('Who started it.'),
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
        paused_at: z.string().nullable(),
      }),
    ),
    next_cursor: z.string().nullable(),
  }),
  run: async ({ journeys, plans, clock }, { principal }, { stage, status, started_by, query, cursor, limit }) => {
    const rows = await journeys.list({
      stage,
      status,
      startedBy: started_by,
      query,
      after: cursor,
      clients: principal.clients,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    await plans.ensure(new Set(page.map(({ config_hash }) => config_hash)));
    return {
      journeys: page.map(({ paused_at, waits, config_hash, ...row }) => ({
        ...row,
        day: durationOf(
          stageOf(plans.get(config_hash), row.stage) ?? ongoing,
          { stageStartedAt: row.stage_started_at, status: row.status, waits },
          clock.journey(),
        ).day,
        paused_at: paused_at === null ? null : iso(paused_at),
        started_at: iso(row.started_at),
        stage_started_at: iso(row.stage_started_at),
      })),
      next_cursor: rows.length > limit ? (page.at(-1)?.client_id ?? null) : null,
    };
  },
});
