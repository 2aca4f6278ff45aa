import { isMailAddress, type Route } from '#core/notices/route.ts';
import { MINUTE } from '#core/time.ts';
import { FALLBACK_ROUTE, usualKinds, type NotificationsFile, type RouteDocument } from './notifications-file.ts';
import { isSecret, listOf } from './outbound.ts';
import { shown, type Problem } from './problem.ts';
import type { NotificationSettings } from './settings.ts';
import type { Values } from './values.ts';

type Notifications = NotificationsFile['notifications'];

/** Who tells people of what becomes of journeys, and whom. */
export function notificationsOf(value: Values, { notifications }: NotificationsFile): NotificationSettings {
  const [email, slack] = [value.flag('NOTIFICATION_EMAIL_ENABLED'), value.flag('NOTIFICATION_SLACK_ENABLED')];
  const url = value.text('NOTIFICATION_SERVICE_URL');
  const mode = modeOf(value);
  return {
    mode,
    email,
    slack,
    service: mode === 'service' && url !== null ? { url, secrets: listOf(value, 'NOTIFICATION_SERVICE_SECRET') } : null,
    smtp:
      mode === 'direct' && email
        ? {
            url: value.text('SMTP_URL') ?? '',
            tls: value.text('SMTP_TLS') === 'optional' ? 'optional' : 'required',
            from: value.text('NOTIFICATION_EMAIL_FROM') ?? '',
          }
        : null,
    routes: [...notifications.routes.map((route) => routeOf(route, notifications)), ...fallback(value, notifications)],
  };
}

/** Whom to tell is said by a channel; without one there is nothing to do, whoever would do it. */
function modeOf(value: Values): NotificationSettings['mode'] {
  if (!value.flag('NOTIFICATION_EMAIL_ENABLED') && !value.flag('NOTIFICATION_SLACK_ENABLED')) return 'off';
  return value.text('NOTIFICATION_SERVICE_URL') === null ? 'direct' : 'service';
}

function routeOf(route: RouteDocument, byDefault: Notifications): Route {
  const quiet = route.quiet_hours === undefined ? byDefault.quiet_hours : route.quiet_hours;
  const { max_notices, window_minutes } = route.digest ?? byDefault.digest;
  return {
    id: route.route_id,
    kinds: route.kinds,
    stages: route.stages ?? null,
    clients: route.clients ?? null,
    email: route.email,
    journeyContacts: route.journey_contacts,
    slack: route.slack,
    urgent: route.urgent ?? byDefault.urgent,
    quietHours: quiet && { from: minutes(quiet.from), to: minutes(quiet.to), timeZone: quiet.time_zone },
    digest: { most: max_notices, window_ms: window_minutes * MINUTE },
    isFallback: false,
  };
}

function minutes(timeOfDay: string): number {
  const [hours = 0, rest = 0] = timeOfDay.split(':').map(Number);
  return hours * 60 + rest;
}

function fallback(value: Values, byDefault: Notifications): readonly Route[] {
  const email = [...listOf(value, 'NOTIFICATION_EMAIL_TO')];
  if (email.length === 0) return [];
  const route = { route_id: FALLBACK_ROUTE, email, slack: [], journey_contacts: false, kinds: [...usualKinds] };
  return [{ ...routeOf(route, byDefault), isFallback: true }];
}

export function notificationProblems(value: Values, file: NotificationsFile | undefined): readonly Problem[] {
  const addresses = ['NOTIFICATION_EMAIL_FROM', 'NOTIFICATION_EMAIL_TO'].flatMap((name) =>
    listOf(value, name)
      .filter((one) => !isMailAddress(one))
      .map((one) => problem(name, 'must be mail addresses, as ops@example.com', shown(one))),
  );
  const several = listOf(value, 'NOTIFICATION_EMAIL_FROM').length > 1;
  const secrets = listOf(value, 'NOTIFICATION_SERVICE_SECRET');
  const mode = modeOf(value);
  return [
    ...addresses,
    ...(several ? [problem('NOTIFICATION_EMAIL_FROM', 'must be one address')] : []),
    ...(secrets.every(isSecret) && secrets.length <= 5
      ? []
      : [
          problem(
            'NOTIFICATION_SERVICE_SECRET',
            'must be at most 5, each whsec_ and base64 of 16 to 128 bytes, or text of 16 to 128 characters',
            '(hidden)',
          ),
        ]),
    ...smtpProblems(value),
    ...(mode === 'direct' ? directProblems(value, file) : []),
  ];
}

function directProblems(value: Values, file: NotificationsFile | undefined): readonly Problem[] {
  const routes = file?.notifications.routes ?? [];
  const has = (name: string): boolean => value.text(name) !== null;
  const needed = (name: string, flag: string, what: string): readonly Problem[] =>
    has(name) ? [] : [problem(name, `missing: ${flag}=true needs ${what}, or NOTIFICATION_SERVICE_URL`)];
  const email = 'NOTIFICATION_EMAIL_ENABLED';
  const slack = 'NOTIFICATION_SLACK_ENABLED';
  const somebodyByMail =
    has('NOTIFICATION_EMAIL_TO') || routes.some((route) => route.email.length > 0 || route.journey_contacts);
  const somebodyInSlack = has('SLACK_CHANNEL') || routes.some((route) => route.slack.length > 0);
  return [
    ...(value.flag(email)
      ? [
          ...needed('SMTP_URL', email, 'a mail server'),
          ...needed('NOTIFICATION_EMAIL_FROM', email, 'an address that mails come from'),
          // What a file that cannot be read would name is not known.
          ...(somebodyByMail || !file
            ? []
            : [
                problem(
                  'NOTIFICATION_EMAIL_TO',
                  `missing: ${email}=true needs somebody, here or in notifications.yaml`,
                ),
              ]),
        ]
      : []),
    ...(value.flag(slack)
      ? [
          ...needed('SLACK_BOT_TOKEN', slack, 'the Slack app'),
          ...(somebodyInSlack || !file
            ? []
            : [problem('SLACK_CHANNEL', `missing: ${slack}=true needs a channel, here or in notifications.yaml`)]),
        ]
      : []),
  ];
}

function smtpProblems(value: Values): readonly Problem[] {
  const text = value.text('SMTP_URL');
  if (text === null) return [];
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    url.hostname === '' ||
    !/^\/?$/.test(url.pathname + url.search + url.hash)
  )
    return [problem('SMTP_URL', 'must be as smtp://user:password@mail.example.com:587, or smtps://', '(hidden)')];
  if (!isDecodable(url.username) || !isDecodable(url.password))
    return [problem('SMTP_URL', 'has a user or a password whose % is not %25', '(hidden)')];
  if (value.text('SMTP_TLS') === 'optional' && url.protocol === 'smtp:' && url.password !== '')
    return [problem('SMTP_TLS', 'must be required: with optional the password of SMTP_URL could go out in the clear')];
  return [];
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== '\0';
  } catch {
    return false;
  }
}

const problem = (path: string, allowed: string, value?: string): Problem => ({
  where: 'environment',
  path,
  allowed,
  ...(value === undefined ? {} : { value }),
});
