import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { stageBefore, stageOf } from '#core/plan.ts';
import { ClientId, Reason, StageId } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const rollBack = defineUseCase({
  name: 'journey.roll_back',
  summary:
    'Take a journey back to an earlier stage; running work is cancelled, approvals are void, and what can be undone is.',
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
    mcp: {
      tool: 'roll_back_journey',
      guidance:
        'Asks for confirmation first: where the client cannot ask its user, the first call answers a preview and a confirm_token, and the same call with that token does it.',
    },
    slack: {
      word: 'rollback',
      typed: ['client_id', 'reason'],
      example: 'rollback acme to-stage=sandbox Index is broken',
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    to_stage: StageId.optional().describe('The stage to go back to; the one before the present stage unless said.'),
    reason: Reason,
    if_stage_entry: z
      .int()
      .positive()
      .optional()
      .describe('Refused when the journey has entered a stage since this stage_entry.'),
  }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, to_stage, reason, if_stage_entry }) => {
    const before = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(before)) return before;
    // Settled on what is so when it is asked for: a promotion that comes in between is rolled back, too.
    const plan = dependencies.plans.get(before.configHash);
    const stage = stageOf(plan, before.stage);
    const toStage = to_stage ?? (stage && stageBefore(plan, stage)?.id);
    return submitForView(dependencies, call, client_id, {
      type: 'roll_back',
      toStage,
      reason,
      entry: if_stage_entry,
    });
  },
});
