import { z } from 'zod';
import { isRefusal, refuse } from '#core/errors.ts';
import { ClientId, text } from '../fields.ts';
import { submit } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';

export const eraseClient = defineUseCase({
  name: 'client.erase',
  summary:
    'Replace whatever was said of a client whose journey is completed: inputs, evidence, outputs, reasons. It cannot be undone.',
  effect: 'destructive',
  allow: ['admin'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/erase' },
    cli: { verb: 'erase', examples: ['erase --client-id="client-123" --reason="Request 4711 of the client"'] },
    without: {
      mcp: 'What a client leaves behind is for people to erase.',
      slack: 'It cannot be undone, and what it says in a channel would stay there.',
    },
  },
  input: z.strictObject({
    client_id: ClientId,
    reason: text(2_000).describe('Why; it is kept for good, so it must not name anybody.'),
  }),
  output: z.object({
    client_id: z.string(),
    /** The event that says so, and before which everything was erased. */
    seq: z.number(),
    events: z.number(),
    observations: z.number(),
    messages: z.number(),
  }),
  client: ({ client_id }) => client_id,
  // Two steps, since the journal alone writes events: the tombstone first, then everything before it in one transaction.
  // Whoever dies in between leaves a tombstone that verify names; erasing again finishes it.
  run: async (dependencies, call, { client_id, reason }) => {
    const submitted = await submit(dependencies, call, client_id, { type: 'erase', reason }, ({ journey }) => ({
      seq: journey.version,
    }));
    if (isRefusal(submitted)) return submitted;
    const erased = await dependencies.erasure.erase(client_id);
    return erased
      ? { client_id, seq: submitted.journey.version, ...erased }
      : refuse(
          'journey.not_completed',
          `${client_id} has started again while it was being erased.`,
          'complete ends the journey; then erase it again.',
        );
  },
});
