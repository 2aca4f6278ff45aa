import { z } from 'zod';
import { DeliveryView, deliveryViewOf } from '../delivery-view.ts';
import { deliveryStates } from '../dependencies.ts';
import { ClientId, DeliveryId, deliveryKeyOf, DestinationName } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const listDeliveries = defineUseCase({
  name: 'delivery.list',
  summary: 'What is told to other systems about journeys, and what became of it, a page at a time.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/deliveries' },
    cli: { verb: 'deliveries list', examples: ['deliveries list --state=dead'] },
    slack: { word: 'deliveries list', typed: ['state'], example: 'deliveries list dead' },
    without: { mcp: 'What other systems are told is for people.' },
  },
  input: z.strictObject({
    state: z
      .enum(deliveryStates)
      .optional()
      .describe('waiting, unknown (it may have arrived, and is sent again), delivered or dead.'),
    client_id: ClientId.optional(),
    destination: DestinationName.optional(),
    cursor: DeliveryId.optional().describe('next_cursor of the page before.'),
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('Deliveries a page.'),
  }),
  output: z.object({ deliveries: z.array(DeliveryView), next_cursor: z.string().nullable() }),
  client: ({ client_id }) => client_id,
  run: async ({ deliveries }, { principal }, { state, client_id, destination, cursor, limit }) => {
    const rows = await deliveries.list({
      state,
      clientId: client_id,
      destination,
      after: cursor === undefined ? undefined : deliveryKeyOf(cursor),
      clients: principal.clients,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit).map(deliveryViewOf);
    return { deliveries: page, next_cursor: rows.length > limit ? (page.at(-1)?.delivery_id ?? null) : null };
  },
});
