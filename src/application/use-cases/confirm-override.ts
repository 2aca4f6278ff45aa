import { z } from 'zod';
import { clientOfOverride, OverrideId } from '../fields.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const confirmOverride = defineUseCase({
  name: 'journey.confirm_override',
  summary:
    'As the second person, agree that a journey passes a gate that is shut; what is still under way is cancelled.',
  effect: 'destructive',
  allow: ['operator', 'approver'],
  kinds: ['user'],
  surface: {
    http: { route: 'POST /api/v1/overrides/:override_id/confirm' },
    slack: { word: 'confirm-override', typed: ['override_id'], example: 'confirm-override ovr-acme:2:41' },
    cli: { verb: 'confirm-override', examples: ['confirm-override --override-id="ovr-client-123:2:41"'] },
    without: { mcp: 'Only people pass a shut gate.' },
  },
  input: z.strictObject({ override_id: OverrideId }),
  output: JourneyView,
  client: ({ override_id }) => clientOfOverride(override_id),
  run: (dependencies, call, { override_id }) =>
    submitForView(dependencies, call, clientOfOverride(override_id), {
      type: 'confirm_override',
      overrideId: override_id,
      by: call.principal,
    }),
});
