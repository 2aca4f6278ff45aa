import { z } from 'zod';
import { ClientId, Reason } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const promote = defineUseCase({
  name: 'journey.promote',
  summary: 'Promote a journey whose gate is open, where that does not happen by itself.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/promote' },
    cli: { verb: 'promote', examples: ['promote --client-id="client-123" --reason="Agreed with the client"'] },
  },
  input: z.strictObject({ client_id: ClientId, reason: Reason }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, reason }) =>
    submitForView(dependencies, call, client_id, { type: 'promote', reason }),
});
