import { z } from 'zod';
import { ClientId, Reason } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const completeJourney = defineUseCase({
  name: 'journey.complete',
  summary: 'End a journey on purpose, from whatever stage it is in; the client may start again later.',
  effect: 'destructive',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/complete' },
    cli: { verb: 'complete', examples: ['complete --client-id="client-123" --reason="Contract ended"'] },
    slack: { word: 'complete', typed: ['client_id', 'reason'], example: 'complete acme Contract ended' },
    without: { mcp: 'To end a journey for good is for people.' },
  },
  input: z.strictObject({ client_id: ClientId, reason: Reason }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, reason }) =>
    submitForView(dependencies, call, client_id, { type: 'complete', reason }),
});
