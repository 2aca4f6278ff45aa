import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { auditEntry, doerOf } from '../audit.ts';
import { DeliveryView, deliveryViewOf } from '../delivery-view.ts';
import { DeliveryId, deliveryKeyOf } from '../fields.ts';
import { unknownDelivery } from '../unknown-delivery.ts';
import { defineUseCase } from '../use-case.ts';

export const replayDelivery = defineUseCase({
  name: 'delivery.replay',
  summary: 'Send a dead letter again, with all its attempts, under the same id and before what waits behind it.',
  effect: 'write',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/deliveries/:delivery_id/replay' },
    slack: { word: 'deliveries replay', typed: ['delivery_id'], example: 'deliveries replay dlv-acme:crm:7' },
    cli: { verb: 'deliveries replay', examples: ['deliveries replay --delivery-id="dlv-client-123:crm:7"'] },
    without: { mcp: 'What other systems are told is for people.' },
  },
  input: z.strictObject({ delivery_id: DeliveryId }),
  output: DeliveryView,
  client: ({ delivery_id }) => deliveryKeyOf(delivery_id).clientId,
  run: async (dependencies, call, { delivery_id }) => {
    const { deliveries, clock } = dependencies;
    const key = deliveryKeyOf(delivery_id);
    const which = { ...key, clients: call.principal.clients, limit: 1 };
    const replayed = await deliveries.replay(which, clock.machine(), (count) =>
      auditEntry(dependencies, doerOf(call), {
        type: 'deliveries_replayed',
        subject: delivery_id,
        about_client: key.clientId,
        data: { count },
      }),
    );
    const row = await deliveries.find(key);
    if (!row) return unknownDelivery(delivery_id);
    return replayed > 0
      ? deliveryViewOf(row)
      : refuse(
          'delivery.not_dead',
          `${delivery_id} is ${row.state}: only dead letters are sent again.`,
          row.state === 'delivered' ? 'It has arrived.' : 'It is still being tried; deliveries show says when.',
        );
  },
});
