import { z } from 'zod';
import { refuse } from '#core/errors.ts';
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
    mcp: { tool: 'request_approval', guidance: 'People decide; no tool approves.' },
    slack: { word: 'request-approval', typed: ['client_id'], example: 'request-approval acme' },
  },
  input: z.strictObject({ client_id: ClientId }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id }) => {
    // To ask anew voids the votes that are there: a person may, an agent that asks again and again must not.
    if (call.principal.kind === 'agent') {
      const approval = (await dependencies.journeys.journey(client_id))?.approval;
      if (approval?.status === 'open')
        return refuse(
          'approval.already_asked',
          `${approval.id} is open: people have been asked.`,
          'Wait for their decision.',
        );
    }
    return submitForView(dependencies, call, client_id, { type: 'request_approval' });
  },
});
