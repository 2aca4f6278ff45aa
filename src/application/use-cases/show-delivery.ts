import { z } from 'zod';
import { DeliveryView, deliveryViewOf } from '../delivery-view.ts';
import { DeliveryId, deliveryKeyOf } from '../fields.ts';
import { unknownDelivery } from '../unknown-delivery.ts';
import { defineUseCase } from '../use-case.ts';

export const showDelivery = defineUseCase({
  name: 'delivery.show',
  summary: 'One message to another system: what it says, how often it was tried, and what went wrong last.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/deliveries/:delivery_id' },
    without: {
      mcp: 'What other systems are told is for people.',
      slack: 'A message as it is sent is nothing to read on a phone; deliveries list says what became of it.',
    },
    cli: { verb: 'deliveries show', examples: ['deliveries show --delivery-id="dlv-client-123:crm:7"'] },
  },
  input: z.strictObject({ delivery_id: DeliveryId }),
  output: DeliveryView.extend({ message: z.record(z.string(), z.unknown()) }),
  client: ({ delivery_id }) => deliveryKeyOf(delivery_id).clientId,
  run: async ({ deliveries }, _call, { delivery_id }) => {
    const row = await deliveries.find(deliveryKeyOf(delivery_id));
    return row ? { ...deliveryViewOf(row), message: { ...row.message } } : unknownDelivery(delivery_id);
  },
});
