import { z } from 'zod';
import { deliveryStates, type DeliveryRow } from './dependencies.ts';
import { iso } from './fields.ts';
import { deliveryIdOf } from './relay/destination.ts';

/** A message to a destination, as every door shows it. */
export const DeliveryView = z.object({
  delivery_id: z.string(),
  client_id: z.string(),
  destination: z.string(),
  seq: z.number(),
  type: z.string(),
  state: z.enum(deliveryStates),
  attempts: z.number(),
  /** What went wrong last; null once it is delivered. */
  problem: z.string().nullable(),
  created_at: z.string(),
  last_attempt_at: z.string().nullable(),
  next_attempt_at: z.string().nullable(),
  delivered_at: z.string().nullable(),
});

const isoOrNull = (instant: number | null): string | null => (instant === null ? null : iso(instant));

export const deliveryViewOf = (row: DeliveryRow): z.output<typeof DeliveryView> => ({
  delivery_id: deliveryIdOf(row.client_id, row.destination, row.seq),
  client_id: row.client_id,
  destination: row.destination,
  seq: row.seq,
  type: row.type,
  state: row.state,
  attempts: row.attempts,
  problem: row.problem,
  created_at: iso(row.created_at),
  last_attempt_at: isoOrNull(row.last_attempt_at),
  next_attempt_at: isoOrNull(row.next_attempt_at),
  delivered_at: isoOrNull(row.delivered_at),
});
