import { refuse, type Refusal } from '#core/errors.ts';

export const unknownDelivery = (deliveryId: string): Refusal =>
  refuse('delivery.unknown', `No delivery is called ${deliveryId}.`, 'deliveries list shows all.');
