import { quietUntil } from '#core/notices/quiet-hours.ts';
import { lanesOf, takes, type Lane, type Route } from '#core/notices/route.ts';
import { MINUTE } from '#core/time.ts';
import type { Clock } from '../ports.ts';
import { deliveryIdOf, type DeliveryResult, type Destination, type OutboundMessage } from '../relay/destination.ts';
import type { Channel } from './notice.ts';
import type { NoticeStore, NoticeWindow } from './notice-store.ts';

export type NotificationParts = {
  readonly store: NoticeStore;
  readonly clock: Clock;
  /** Whom the journey itself names, by its metadata. */
  readonly contactsOf: (clientId: string) => Promise<readonly string[]>;
  /** Null: nothing goes this way. */
  readonly email: Channel | null;
  readonly slack: Channel | null;
};

/** Notices that go out as one: what is longer, nobody reads. */
const MOST_TOGETHER = 200;

/**
 * Each route is a destination of the relay, one for each way that it takes: what is down for one delays no other, and a
 * dead letter says who was not told.
 */
export function noticeDestinations(routes: readonly Route[], parts: NotificationParts): readonly Destination[] {
  const { email, slack, contactsOf } = parts;
  const byMail = routes.filter((route) => route.email.length > 0);
  const byContacts = routes.filter(({ journeyContacts }) => journeyContacts);
  const bySlack = routes.filter((route) => route.slack.length > 0);
  return [
    ...(email ? byMail : []).flatMap((route) =>
      way(parts, email, `email.${route.id}`, { route, others: byMail, recipientsOf: async () => route.email }),
    ),
    ...(email ? byContacts : []).flatMap((route) =>
      // What is told to a client's own people must not name another client.
      way(parts, email, `email.${route.id}.contacts`, {
        route,
        others: byContacts,
        recipientsOf: contactsOf,
        ownClient: true,
      }),
    ),
    ...(slack ? bySlack : []).flatMap((route) =>
      way(parts, slack, `slack.${route.id}`, { route, others: bySlack, recipientsOf: async () => route.slack }),
    ),
  ];
}

type Way = {
  readonly route: Route;
  readonly others: readonly Route[];
  readonly recipientsOf: (clientId: string) => Promise<readonly string[]>;
  /** Only notices about the same client go out together. */
  readonly ownClient?: boolean;
};

const way = (parts: NotificationParts, channel: Channel | null, name: string, to: Way): readonly Destination[] =>
  channel === null
    ? []
    : lanesOf(name, to.route).map((lane) => ({
        name: lane.name,
        wants: lane.kinds,
        isFor: (facts) => takes(to.route, to.others, facts),
        // One after the other, so that what has been gathered is complete.
        concurrency: 1,
        dependency: channel.dependency,
        deliver: (message, signal) => deliver(parts, channel, { ...to, lane }, message, signal),
      }));

async function deliver(
  { store, clock }: NotificationParts,
  channel: Channel,
  { route, lane, recipientsOf, ownClient = false }: Way & { readonly lane: Lane },
  message: OutboundMessage,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const now = clock.machine();
  const quiet = lane.quietHours && quietUntil(lane.quietHours, now);
  if (quiet !== null) return { type: 'held', until: quiet, why: 'It is held for the quiet hours.' };
  const recipients = await recipientsOf(message.clientId);
  if (recipients.length === 0) return { type: 'delivered' };
  const { clientId, seq, id, mayHaveArrived, held, reached } = message;
  const { most, window_ms } = route.digest;
  const window: NoticeWindow = {
    destination: lane.name,
    clientId: ownClient ? clientId : null,
    most,
    window_ms,
  };
  const place = await store.place(window, now);
  if (!place.granted)
    return {
      type: 'held',
      until: place.until,
      why: `${most} notices have gone out within ${window_ms / MINUTE} min: it goes with the next.`,
    };
  // Whoever may have it already receives the same again, and nothing more under its name.
  const more = (held || place.isLast) && !mayHaveArrived && reached.length === 0;
  const limit = MOST_TOGETHER - 1;
  const gathered = await store.gather({ destination: lane.name, clientId, seq }, { more, ownClient, limit, now });
  const named = gathered.map((one) => ({ ...one, id: deliveryIdOf(one.clientId, lane.name, one.seq) }));
  const items = [message, ...named] as const;
  const result = await channel.send({ id, destination: lane.name, recipients, reached, items, mayHaveArrived }, signal);
  if (!mayBeThere(result)) await store.giveBack(window);
  return result;
}

const mayBeThere = (result: DeliveryResult): boolean =>
  result.type === 'delivered' ||
  (result.type === 'retry' && result.mayHaveArrived) ||
  ('reached' in result && (result.reached ?? []).length > 0);
