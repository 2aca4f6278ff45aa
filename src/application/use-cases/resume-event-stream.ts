import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { ClientId } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const resumeEventStream = defineUseCase({
  name: 'store.resume_stream',
  summary: "Let a client's stream in the event store go on that has stopped, once its cause is out of the way.",
  effect: 'write',
  allow: ['admin'],
  surface: {
    http: { route: 'POST /api/v1/journeys/:client_id/event-stream/resume' },
    cli: { verb: 'event-stream resume', examples: ['event-stream resume --client-id="client-123"'] },
    without: {
      mcp: 'The event store is for operators to look after.',
      slack: 'Whoever mends the event store has a terminal at hand.',
    },
  },
  input: z.strictObject({ client_id: ClientId }),
  output: z.object({
    client_id: z.string(),
    /** Up to this event the stream is a copy; what follows is copied from here on. */
    relayed_seq: z.number(),
    problem: z.string(),
  }),
  client: ({ client_id }) => client_id,
  run: async ({ eventCopy }, _call, { client_id }) => {
    if (!eventCopy)
      return refuse('event_store.off', 'There is no event store.', 'JOURNEY_EVENT_STORE and its host set one.');
    const cursor = await eventCopy.cursors.find(client_id);
    if (!cursor?.parked || !(await eventCopy.cursors.resume(client_id)))
      return refuse(
        'event_store.not_parked',
        `The stream of ${client_id} has not stopped.`,
        'journey_event_store_lag_seconds says how far behind streams are; verify compares them.',
      );
    return { client_id, relayed_seq: cursor.relayedSeq, problem: cursor.parked.problem };
  },
});
