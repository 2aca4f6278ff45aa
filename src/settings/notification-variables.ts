import { secret, variable, type Variable } from './variable.ts';

export const notificationVariables: readonly Variable[] = [
  variable(
    'NOTIFICATION_SERVICE_URL',
    'url',
    'notifications.service.url',
    'A service that tells people; /v1/notifications below it is called. Without it notices go out directly.',
  ),
  variable(
    'NOTIFICATION_SERVICE_SECRET',
    'text',
    'notifications.service.secrets',
    'What its calls are signed with, as CRM_WEBHOOK_SECRET; without it they are not signed.',
    secret,
  ),
  variable('NOTIFICATION_EMAIL_ENABLED', 'boolean', 'notifications.email', 'true: notices go out by email.', {
    default: false,
  }),
  variable('NOTIFICATION_SLACK_ENABLED', 'boolean', 'notifications.slack', 'true: notices go out over Slack.', {
    default: false,
  }),
  variable(
    'NOTIFICATION_EMAIL_FROM',
    'text',
    'notifications.smtp.from',
    'The address that mails come from; required for mails that go out directly.',
  ),
  variable(
    'NOTIFICATION_EMAIL_TO',
    'text',
    'notifications.emailTo',
    'Addresses, as a@example.com,b@example.com, that hear of what no route of notifications.yaml takes by email.',
  ),
  variable(
    'SMTP_URL',
    'text',
    'notifications.smtp.url',
    'The mail server, as smtp://user:password@mail.example.com:587 (STARTTLS) or smtps:// (TLS from the beginning).',
    secret,
  ),
  variable(
    'SMTP_TLS',
    'choice',
    'notifications.smtp.tls',
    'required: mails go out encrypted or not at all; optional: encrypted where the server can, for one that wants no password.',
    { default: 'required', choices: ['required', 'optional'] },
  ),
];
