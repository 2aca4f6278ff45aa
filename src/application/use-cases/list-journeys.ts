import { z } from 'zod';
import { journeyStatuses } from '#core/journey/journey.ts';
import { timeInStage_ms } from '#core/journey/paused-time.ts';
import { DAY, type Instant } from '#core/time.ts';
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
  run: async ({ journeys, clock }, { principal }, { stage, status, started_by, query, cursor, limit }) => {
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
    return {
      journeys: page.map(({ paused_at, paused_ms, ...row }) => ({
        ...row,
        day: dayOf(row.stage_started_at, paused_at, paused_ms, clock.journey()),
        paused_at: paused_at === null ? null : iso(paused_at),
        started_at: iso(row.started_at),
        stage_started_at: iso(row.stage_started_at),
      })),
      next_cursor: rows.length > limit ? (page.at(-1)?.client_id ?? null) : null,
    };
  },
});

const dayOf = (stageStartedAt: Instant, pausedAt: Instant | null, paused_ms: number, now: Instant): number => {
  const pause = pausedAt === null ? null : { since: pausedAt, reason: '' };
  return Math.floor(timeInStage_ms({ stageStartedAt, pause, paused_ms }, now) / DAY) + 1;
};
