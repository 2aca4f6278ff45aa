import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { ClientId } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { viewOf } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const showJourney = defineUseCase({
  name: 'journey.show',
  summary: 'Show where a journey stands: stage, day, tasks, criteria with measured and target, and what it waits for.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/journeys/:client_id' },
    cli: { verb: 'status', examples: ['status --client-id="client-123"'] },
    mcp: { tool: 'get_journey', guidance: 'Begin here: next names the tool that gets the journey on.' },
    slack: { word: 'status', typed: ['client_id'], example: 'status acme' },
  },
  input: z.strictObject({ client_id: ClientId }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: async (dependencies, { principal }, { client_id }) => {
    const journey = await knownJourney(dependencies, principal, client_id);
    if (isRefusal(journey)) return journey;
    const position = journey.status === 'queued' ? await dependencies.journeys.queuePosition(journey) : null;
    return viewOf(dependencies, journey, position, await dependencies.uncollected(client_id));
  },
});
