import { z } from 'zod';
import { messageTypes, type MessageType } from '#core/journey/messages.ts';
import { isMailAddress } from '#core/notices/route.ts';
import type { Problem } from './problem.ts';
import { repeated } from './repeated.ts';
import type { Locate } from './zod-problems.ts';

/** What a route hears of where it does not say so itself. */
const usual: readonly MessageType[] = messageTypes.filter(
  (type) => !['journey.paused', 'journey.resumed', 'goal.judged'].includes(type),
);
const usuallyUrgent: readonly MessageType[] = [
  'journey.rolled_back',
  'journey.automatic_rollback_refused',
  'approval.reminded',
  'work.interrupted',
  'work.failed',
  'duration.breached',
  'delivery.dead',
];

const kinds = z.array(z.enum(messageTypes)).min(1).max(messageTypes.length);
const address = z.string().refine(isMailAddress, { error: 'must be a mail address, as ops@example.com' });
const slackId = z.string().regex(/^[CGUW][A-Z0-9]{6,20}$/, {
  error: 'must be the id of a channel or of a person in Slack, as C012AB3CD or U012AB3CD',
});
const clientPattern = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}\*?$/, {
  error: 'must be the id of a client, or its beginning followed by *',
});
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day, as "20:00"' });

const quietHours = z
  .strictObject({
    from: timeOfDay,
    to: timeOfDay,
    time_zone: z.string().max(64).refine(isTimeZone, { error: 'must be a time zone, as Europe/Berlin' }),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must differ from `from`' });

const digest = z.strictObject({
  max_notices: z.int().min(1).max(1_000).default(10),
  window_minutes: z.int().min(1).max(1_440).default(60),
});

const route = z
  .strictObject({
    route_id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, {
      error: 'must be 1 to 32 of a-z 0-9 _ -, beginning with a letter or digit',
    }),
    email: z.array(address).max(50).default([]),
    slack: z.array(slackId).max(20).default([]),
    journey_contacts: z.boolean().default(false),
    kinds: kinds.default([...usual]),
    stages: z.array(z.string().min(1).max(50)).min(1).max(50).optional(),
    clients: z.array(clientPattern).min(1).max(200).optional(),
    urgent: z.array(z.enum(messageTypes)).max(messageTypes.length).optional(),
    quiet_hours: quietHours.nullable().optional(),
    digest: digest.optional(),
  })
  .refine(({ email, slack, journey_contacts }) => email.length > 0 || slack.length > 0 || journey_contacts, {
    error: 'must name somebody: email, slack or journey_contacts',
  });

export const notificationsFile = z.strictObject({
  notifications: z
    .strictObject({
      /** For every route that does not say otherwise. */
      urgent: z
        .array(z.enum(messageTypes))
        .max(messageTypes.length)
        .default([...usuallyUrgent]),
      quiet_hours: quietHours.nullable().default(null),
      digest: digest.prefault({}),
      routes: z.array(route).max(50).default([]),
    })
    .prefault({}),
});

export type NotificationsFile = z.output<typeof notificationsFile>;
export type RouteDocument = NotificationsFile['notifications']['routes'][number];

/** The kinds that a route which nobody has written hears of. */
export const usualKinds = usual;

/** The name of the route that NOTIFICATION_EMAIL_TO makes. */
export const FALLBACK_ROUTE = 'default';

export function checkNotifications({ notifications }: NotificationsFile, locate: Locate): readonly Problem[] {
  const top = ['notifications', 'routes'];
  const taken = notifications.routes.flatMap(({ route_id }, index) =>
    route_id === FALLBACK_ROUTE
      ? [{ ...locate([...top, index, 'route_id']), value: route_id, allowed: 'is what NOTIFICATION_EMAIL_TO makes' }]
      : [],
  );
  return [...repeated(notifications.routes, 'route_id', top, locate), ...taken];
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
