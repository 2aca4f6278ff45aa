import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { ClientId, iso } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { defineUseCase } from '../use-case.ts';

export const showHistory = defineUseCase({
  name: 'journey.history',
  summary: 'Every event of a journey, in order: what happened, when, by whom, through which door.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys/:client_id/history' },
    cli: { verb: 'history', examples: ['history --client-id="client-123" --format=json'] },
    mcp: { tool: 'get_journey_history', guidance: 'Go on with after=next_after.' },
    slack: { word: 'history', typed: ['client_id'], example: 'history acme' },
  },
  input: z.strictObject({
    client_id: ClientId,
    after: z.coerce.number().int().min(0).default(0).describe('Only events after this seq.'),
    limit: z.coerce.number().int().min(1).max(1_000).default(500).describe('Events a page.'),
  }),
  output: z.object({
    client_id: z.string(),
    events: z.array(
      z.object({
        seq: z.number(),
        type: z.string(),
        at: z.string(),
        actor: z.string(),
        door: z.string(),
        request_id: z.string(),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
    next_after: z.number().nullable(),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, { principal }, { client_id, after, limit }) => {
    const journey = await knownJourney(dependencies, principal, client_id);
    if (isRefusal(journey)) return journey;
    const events = await dependencies.journeys.history(client_id, after, limit + 1);
    const page = events.slice(0, limit);
    return {
      client_id,
      events: page.map((event) => ({ ...event, at: iso(event.at), data: { ...event.data } })),
      next_after: events.length > limit ? (page.at(-1)?.seq ?? null) : null,
    };
  },
});
