import type { JourneyReader } from '#application/dependencies.ts';
import { contactsIn } from '#application/notifications/contacts.ts';
import { noticeDestinations } from '#application/notifications/destinations.ts';
import { mailOf } from '#application/notifications/mail.ts';
import type { Channel } from '#application/notifications/notice.ts';
import type { NoticeStore } from '#application/notifications/notice-store.ts';
import { serviceDestination } from '#application/notifications/notifier.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { Finding, Probe } from '#application/probes.ts';
import type { Destination } from '#application/relay/destination.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { guardedPost } from '#adapters/outbound/guarded-post.ts';
import { notificationService, notificationsUrl } from '#adapters/outbound/cloud-event-post.ts';
import { reach } from '#adapters/outbound/reach-probe.ts';
import { smtpMail, type MailServer } from '#adapters/outbound/smtp-mail.ts';
import { SECOND } from '#core/time.ts';
import { again, type Scheduled } from '#scheduler/scheduler.ts';
import type { Settings } from '#settings/settings.ts';

export type Notifications = {
  readonly destinations: readonly Destination[];
  readonly schedule: (settings: Settings, tellDeadLetters: () => Promise<void>) => readonly Scheduled[];
  readonly close: () => void;
};

export type NotificationsParts = {
  readonly store: NoticeStore;
  readonly journeys: Pick<JourneyReader, 'journey'>;
  /** Null: without Slack. */
  readonly slack: Channel | null;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Each is used by one route at a time, and there are few routes. */
const MOST_CONNECTIONS = 5;
const LOOK_EVERY_MS = SECOND;

/** Whoever tells people, by what the settings name. Nothing is asked of anybody at the start. */
export function openNotifications(settings: Settings, parts: NotificationsParts): Notifications {
  const { clock, logger } = parts;
  const mail = mailServerOf(settings);
  return {
    destinations: destinationsOf(settings, parts, mail),
    schedule: ({ enabled }, tellDeadLetters) =>
      enabled ? [again(LOOK_EVERY_MS, 'Telling of dead letters', tellDeadLetters, clock, logger)] : [],
    close: () => mail?.close(),
  };
}

function destinationsOf(
  { notifications, http, outbound }: Settings,
  { store, journeys, slack, clock, logger }: NotificationsParts,
  mail: MailServer | null,
): readonly Destination[] {
  const { mode, email, service, routes } = notifications;
  const contactsOf = async (clientId: string): Promise<readonly string[]> =>
    contactsIn((await journeys.journey(clientId))?.metadata ?? {});
  const linkTo = (clientId: string): string | null =>
    http.publicUrl === null ? null : new URL(`/api/v1/journeys/${clientId}`, http.publicUrl).href;
  switch (mode) {
    case 'off':
      return [];
    case 'service': {
      if (service === null) return [];
      const guard = addressGuard(outbound);
      // A notifier that cannot be reached must not keep journeys from going on: no reason to refuse the start.
      const problem = guard.problemOfUrl(notificationsUrl(service.url));
      if (problem !== undefined) logger.warn(`NOTIFICATION_SERVICE_URL may not be called: ${problem}.`);
      const source = http.publicUrl ?? '/journey-orchestrator';
      const post = notificationService({ ...service, source, post: guardedPost(guard), clock });
      return [serviceDestination({ post, channels: channelsOf(notifications), routes, contactsOf })];
    }
    case 'direct':
      return noticeDestinations(routes, {
        store,
        clock,
        contactsOf,
        email: email && mail ? mailChannel(mail, linkTo) : null,
        slack: notifications.slack ? slack : null,
      });
  }
}

const channelsOf = ({ email, slack }: Settings['notifications']): readonly ('email' | 'slack')[] => [
  ...(email ? (['email'] as const) : []),
  ...(slack ? (['slack'] as const) : []),
];

function mailServerOf({ notifications: { smtp } }: Settings): MailServer | null {
  if (smtp === null) return null;
  const { url, tls, from } = smtp;
  return smtpMail({ url, from, requireTls: tls === 'required', connections: MOST_CONNECTIONS });
}

const mailChannel = (mail: MailServer, linkTo: (clientId: string) => string | null): Channel => ({
  dependency: 'smtp',
  send: ({ id, recipients, reached, items }, signal) =>
    mail.send({ id, recipients, reached, ...mailOf({ items }, { linkTo }) }, signal),
});

/** The channels that notices go to; people are found when they are written to. */
export const slackChannelsOf = ({ notifications: { mode, slack, routes } }: Settings): readonly string[] =>
  mode === 'direct' && slack ? routes.flatMap((route) => route.slack.filter((id) => /^[CG]/.test(id))) : [];

/** Looks at the mail server and the notification service, without sending anything to anybody. */
export const notificationProbes = (settings: Settings, clock: Pick<Clock, 'machine'>): readonly Probe[] => [
  { name: 'smtp', look: (signal) => lookAtMail(settings, signal) },
  { name: 'notification service', look: (signal) => lookAtService(settings, clock, signal) },
];

async function lookAtMail(settings: Settings, signal: AbortSignal): Promise<readonly Finding[]> {
  const { smtp } = settings.notifications;
  const mail = mailServerOf(settings);
  if (smtp === null || mail === null)
    return [
      { state: 'off', said: 'No mails go out directly: NOTIFICATION_EMAIL_ENABLED is not true, or a service does it.' },
    ];
  const { host } = new URL(smtp.url);
  try {
    const failed = await mail.logIn(signal);
    if (failed === null) return [{ state: 'ok', said: `${host} lets us in; TLS is ${smtp.tls}.` }];
    return [
      {
        state: 'failed',
        said: `${host} cannot be used: ${failed.problem}`,
        hint: 'Look at SMTP_URL (host, port, user and password) and SMTP_TLS; NODE_EXTRA_CA_CERTS names an authority of your own.',
      },
    ];
  } finally {
    mail.close();
  }
}

async function lookAtService(
  { notifications: { service }, outbound }: Settings,
  clock: Pick<Clock, 'machine'>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (service === null) return [{ state: 'off', said: 'No notification service tells people.' }];
  const url = notificationsUrl(service.url);
  const reached = await reach({ url, guard: addressGuard(outbound), now: clock.machine }, signal);
  if (service.secrets.length > 0) return reached;
  const said = 'notices to the service are not signed';
  const hint = 'Set NOTIFICATION_SERVICE_SECRET, and let the service check webhook-signature.';
  return [...reached, { state: 'warning', said, hint }];
}
