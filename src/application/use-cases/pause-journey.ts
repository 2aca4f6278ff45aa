import { z } from 'zod';
import { ClientId, Reason } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const pauseJourney = defineUseCase({
  name: 'journey.pause',
  summary: 'Stop a journey where it is: nothing begins and nothing follows until it is resumed.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/pause' },
    slack: { word: 'pause', typed: ['client_id', 'reason'], example: 'pause acme They are moving offices' },
    cli: { verb: 'pause', examples: ['pause --client-id="client-123" --reason="The client is moving offices"'] },
    without: { mcp: 'To stop a journey, and to let it go on, is for people.' },
  },
  input: z.strictObject({ client_id: ClientId, reason: Reason }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, reason }) =>
    submitForView(dependencies, call, client_id, { type: 'pause', reason }),
});
