import { z } from 'zod';
import { isRefusal } from '#core/errors.ts';
import { ClientId, Reason } from '../fields.ts';
import { knownJourney } from '../known-journey.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const promote = defineUseCase({
  name: 'journey.promote',
  summary:
    'Promote a journey whose gate is open, where that does not happen by itself; past a shut gate with an override, which a second person confirms.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/promote' },
    cli: {
      verb: 'promote',
      examples: [
        'promote --client-id="client-123" --reason="Agreed with the client"',
        'promote --client-id="client-123" --override --reason="The survey cannot be held before May"',
      ],
    },
    mcp: {
      tool: 'promote_journey',
      guidance: 'Refused while the gate is shut: check_exit_criteria says why.',
      hide: ['override'],
    },
    slack: { word: 'promote', typed: ['client_id', 'reason'], example: 'promote acme Agreed with the client' },
  },
  input: z.strictObject({
    client_id: ClientId,
    reason: Reason,
    override: z
      .boolean()
      .default(false)
      .describe('Ask to pass the gate although it is shut; a second person confirms it (confirm-override).'),
  }),
  output: JourneyView,
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { client_id, reason, override }) => {
    const before = await knownJourney(dependencies, call.principal, client_id);
    if (isRefusal(before)) return before;
    // Of the stage that it is in now: whoever is overtaken by a rollback must not promote what followed from that.
    const entry = before.stageEntry;
    return override
      ? submitForView(dependencies, call, client_id, { type: 'request_override', reason, by: call.principal, entry })
      : submitForView(dependencies, call, client_id, { type: 'promote', reason, entry });
  },
});
