import { z } from 'zod';
import { auditEntry, doerOf } from '../audit.ts';
import { ClientId, DestinationName } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

/** Dead letters a call: whoever has more calls again. */
const MOST = 10_000;

export const replayDeliveries = defineUseCase({
  name: 'delivery.replay_all',
  summary: 'Send all dead letters of a destination again, or those of one client; order and ids stay.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/deliveries/replay' },
    slack: { word: 'deliveries replay-all', typed: ['destination', 'client_id'], example: 'deliveries replay-all crm' },
    cli: {
      verb: 'deliveries replay-all',
      examples: ['deliveries replay-all --destination=crm', 'deliveries replay-all --destination=crm --client-id=c1'],
    },
    without: { mcp: 'What other systems are told is for people.' },
  },
  input: z.strictObject({ destination: DestinationName, client_id: ClientId.optional() }),
  output: z.object({
    destination: z.string(),
    replayed: z.number(),
    /** There may be more: call again. */
    more: z.boolean(),
  }),
  client: ({ client_id }) => client_id,
  run: async (dependencies, call, { destination, client_id }) => {
    const { deliveries, clock } = dependencies;
    const replayed = await deliveries.replay(
      { destination, clientId: client_id, clients: call.principal.clients, limit: MOST },
      clock.machine(),
      (count) =>
        auditEntry(dependencies, doerOf(call), {
          type: 'deliveries_replayed',
          subject: destination,
          about_client: client_id,
          data: { count },
        }),
    );
    return { destination, replayed, more: replayed === MOST };
  },
});
