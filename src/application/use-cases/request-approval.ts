import { z } from 'zod';
import { ClientId } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const requestApproval = defineUseCase({
  name: 'approval.request',
  summary: 'Ask for approval again, after a rejection has been dealt with. The first request goes out by itself.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/approval-request' },
    cli: { verb: 'request-approval', examples: ['request-approval --client-id="client-123"'] },
  },
  input: z.strictObject({ client_id: ClientId }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id }) =>
    submitForView(dependencies, call, client_id, { type: 'request_approval' }),
});
