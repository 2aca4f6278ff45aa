import { z } from 'zod';
import { ClientId, Reason, StageId } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const rollBack = defineUseCase({
  name: 'journey.roll_back',
  summary: 'Take a journey back to an earlier stage; its running work is cancelled and its approvals are void.',
  effect: 'destructive',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/rollback' },
    cli: {
      verb: 'rollback',
      examples: [
        'rollback --client-id="client-123" --reason="Critical bug detected"',
        'rollback --client-id="client-123" --to-stage="sandbox" --reason="Re-testing required"',
      ],
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    to_stage: StageId.optional().describe('The stage to go back to; the one before the present stage unless said.'),
    reason: Reason,
  }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: (dependencies, call, { client_id, to_stage, reason }) =>
    submitForView(dependencies, call, client_id, { type: 'roll_back', toStage: to_stage, reason }),
});
