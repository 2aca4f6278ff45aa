import type { z } from 'zod';
import type { listDeliveries } from '#application/use-cases/list-deliveries.ts';
import type { showDelivery } from '#application/use-cases/show-delivery.ts';
import { statusCell } from './journey.ts';
import type { Paper } from './paper.ts';
import { pairs, table, type Cell } from './table.ts';
import { inLine, time } from './values.ts';
import { wrap } from './width.ts';

type Lines = readonly string[];

export function deliveriesLines(paper: Paper, answer: z.output<typeof listDeliveries.output>): Lines {
  const { deliveries, next_cursor } = answer;
  if (deliveries.length === 0) return ['No deliveries.'];
  return [
    ...table(
      paper,
      ['Delivery', 'Message', 'State', 'Attempts', 'Next', 'Problem'],
      deliveries.map((one) => [
        one.delivery_id,
        one.type,
        statusCell(one.state),
        String(one.attempts),
        time(one.next_attempt_at),
        one.problem ?? '',
      ]),
    ),
    ...(next_cursor === null
      ? []
      : ['', ...wrap(`There are more: --cursor=${next_cursor}, or a larger --limit.`, paper.width)]),
  ];
}

export function deliveryLines(paper: Paper, delivery: z.output<typeof showDelivery.output>): Lines {
  const rows: readonly (readonly [string, Cell])[] = [
    ['Delivery', { text: delivery.delivery_id, style: 'bold' }],
    ['Client', delivery.client_id],
    ['Destination', delivery.destination],
    ['State', statusCell(delivery.state)],
    ['Attempts', String(delivery.attempts)],
    ...(delivery.problem === null ? [] : [['Problem', delivery.problem] as const]),
    ['Recorded', time(delivery.created_at)],
    ['Last attempt', time(delivery.last_attempt_at)],
    ...(delivery.next_attempt_at === null ? [] : [['Next attempt', time(delivery.next_attempt_at)] as const]),
    ...(delivery.delivered_at === null ? [] : [['Delivered', time(delivery.delivered_at)] as const]),
    ['Message', delivery.type],
    ['Data', inLine(delivery.message['data'])],
  ];
  return pairs(paper, rows);
}
