import { z } from 'zod';
import { ClientId, Reason } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const resumeJourney = defineUseCase({
  name: 'journey.resume',
  summary: 'Let a paused journey go on; what had to wait follows at once.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/resume' },
    slack: { word: 'resume', typed: ['client_id', 'reason'], example: 'resume acme They have moved' },
    cli: { verb: 'resume', examples: ['resume --client-id="client-123" --reason="They have moved"'] },
    without: { mcp: 'To stop a journey, and to let it go on, is for people.' },
  },
  input: z.strictObject({ client_id: ClientId, reason: Reason }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, reason }) =>
    submitForView(dependencies, call, client_id, { type: 'resume', reason }),
});
