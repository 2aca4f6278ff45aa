import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/time.ts';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig, seededConfig } from './seeded-config.ts';

const PASSWORD = 'canary%20of%20mail';
const byMail = {
  NOTIFICATION_EMAIL_ENABLED: 'true',
  NOTIFICATION_EMAIL_FROM: 'journeys@example.com',
  NOTIFICATION_EMAIL_TO: 'ops@example.com, pm@example.com',
  SMTP_URL: `smtp://user:${PASSWORD}@mail.example.com:587`,
};
const load = (env: Environment) => loadSettings({ env, configDir: realConfig }).notifications;

const withFile = <T>(yaml: string, look: (dir: string) => T): T => {
  using config = seededConfig();
  config.write('notifications.yaml', yaml);
  return look(config.dir);
};
const ofFile = (yaml: string, env: Environment = {}) =>
  withFile(yaml, (configDir) => loadSettings({ env, configDir }).notifications);
const refusedFile = (yaml: string, env: Environment = {}) =>
  withFile(yaml, (configDir) => messageOf({ env, configDir }));
const routes = (text: string) => `notifications:\n  routes:\n    - ${text}\n`;

describe('who tells people', () => {
  test('S41 S42 S43: nobody, unless a way is enabled, whatever else is set', () => {
    const { NOTIFICATION_EMAIL_ENABLED: _, ...rest } = byMail;
    expect(load({ ...rest, NOTIFICATION_SERVICE_URL: 'https://notify.example.com' })).toMatchObject({
      mode: 'off',
      service: null,
      smtp: null,
    });
  });

  test('S42: mails go out directly without a service, over TLS, to those by default', () => {
    expect(load(byMail)).toMatchObject({
      mode: 'direct',
      email: true,
      slack: false,
      smtp: { url: byMail.SMTP_URL, tls: 'required', from: 'journeys@example.com' },
      routes: [{ id: 'default', email: ['ops@example.com', 'pm@example.com'], isFallback: true, quietHours: null }],
    });
    expect(load(byMail).routes[0]?.kinds).not.toContain('journey.paused');
  });

  test('S41: with a service nothing else is needed', () => {
    const env = {
      NOTIFICATION_EMAIL_ENABLED: 'true',
      NOTIFICATION_SERVICE_URL: 'https://notify.example.com',
      NOTIFICATION_SERVICE_SECRET: 'a-plain-text-of-16,another-text-of-16',
    };
    expect(load(env)).toMatchObject({
      mode: 'service',
      service: { secrets: ['a-plain-text-of-16', 'another-text-of-16'] },
      smtp: null,
    });
  });

  test.each([
    ['S42', { SMTP_URL: '' }, 'SMTP_URL: missing: NOTIFICATION_EMAIL_ENABLED=true needs a mail server'],
    ['S42', { NOTIFICATION_EMAIL_FROM: '' }, 'NOTIFICATION_EMAIL_FROM: missing'],
    [
      'S42',
      { NOTIFICATION_EMAIL_TO: '' },
      'NOTIFICATION_EMAIL_TO: missing: NOTIFICATION_EMAIL_ENABLED=true needs somebody',
    ],
    ['S42', { NOTIFICATION_EMAIL_TO: 'ops@example.com,ops' }, 'NOTIFICATION_EMAIL_TO is "ops": must be mail addresses'],
    ['S42', { NOTIFICATION_EMAIL_FROM: 'a@b.example,c@d.example' }, 'NOTIFICATION_EMAIL_FROM: must be one address'],
    ['S42', { SMTP_URL: 'mail.example.com:587' }, 'SMTP_URL is (hidden): must be as smtp://'],
    ['S42', { SMTP_URL: `http://user:${PASSWORD}@mail.example.com` }, 'SMTP_URL is (hidden): must be as smtp://'],
    ['S42', { SMTP_URL: 'smtp://user:100%@mail.example.com' }, 'SMTP_URL is (hidden): has a user or a password'],
    ['S42', { SMTP_TLS: 'optional' }, 'SMTP_TLS: must be required: with optional the password'],
    ['S42', { SMTP_TLS: 'never' }, 'SMTP_TLS'],
    ['S41', { NOTIFICATION_SERVICE_SECRET: 'too-short' }, 'NOTIFICATION_SERVICE_SECRET is (hidden)'],
    ['S41', { NOTIFICATION_SERVICE_URL: 'notify.example.com' }, 'NOTIFICATION_SERVICE_URL is "notify.example.com"'],
    ['S43', { NOTIFICATION_SLACK_ENABLED: 'true' }, 'SLACK_BOT_TOKEN: missing: NOTIFICATION_SLACK_ENABLED=true'],
    ['S43', { NOTIFICATION_SLACK_ENABLED: 'true' }, 'SLACK_CHANNEL: missing: NOTIFICATION_SLACK_ENABLED=true'],
  ])('%s: %j stops the start: %s', (_item, env: Environment, says) => {
    const message = messageOf({ env: { ...byMail, ...env } });
    expect(message).toContain(says);
    expect(message).not.toMatch(/canary|too-short|100%/);
  });

  test('S42: the password is shown nowhere', () => {
    const { effective } = loadSettings({ env: byMail, configDir: realConfig });
    expect(effective.get('notifications.smtp.url')?.value).toBe('***');
    expect(JSON.stringify([...effective])).not.toContain('canary');
  });
});

describe('routes of notices', () => {
  test('S42: what a route leaves out is what stands above all of them; without the file there is none', () => {
    const found = ofFile(`
notifications:
  urgent: [work.failed]
  quiet_hours: { from: "20:00", to: "07:30", time_zone: Europe/Berlin }
  digest: { max_notices: 5 }
  routes:
    - { route_id: ops, email: [ops@example.com], slack: [C012AB3CD] }
    - route_id: pilots
      journey_contacts: true
      kinds: [journey.promoted]
      stages: [pilot]
      clients: ["acme-*"]
      urgent: []
      quiet_hours: null
      digest: { window_minutes: 10 }
`).routes;
    expect(found).toMatchObject([
      {
        id: 'ops',
        urgent: ['work.failed'],
        quietHours: { from: 1_200, to: 450, timeZone: 'Europe/Berlin' },
        digest: { most: 5, window_ms: 60 * MINUTE },
        stages: null,
        clients: null,
      },
      {
        id: 'pilots',
        journeyContacts: true,
        urgent: [],
        quietHours: null,
        digest: { most: 10, window_ms: 10 * MINUTE },
        stages: ['pilot'],
        clients: ['acme-*'],
      },
    ]);
    using config = seededConfig();
    config.remove('notifications.yaml');
    expect(loadSettings({ env: {}, configDir: config.dir }).notifications.routes).toEqual([]);
  });

  test.each([
    ['S42', '{ route_id: ops }', 'must name somebody: email, slack or journey_contacts'],
    ['S42', '{ route_id: ops, email: ["ops"] }', 'must be a mail address'],
    ['S42', '{ route_id: ops, email: ["Ops <ops@example.com>"] }', 'must be a mail address'],
    ['S43', '{ route_id: ops, slack: ["#journeys"] }', 'must be the id of a channel or of a person in Slack'],
    ['S42', '{ route_id: Ops, email: [a@b.example] }', 'must be 1 to 32 of a-z 0-9 _ -'],
    ['S42', '{ route_id: ops, mail: [a@b.example] }', 'did you mean "email"?'],
    ['S42', '{ route_id: ops, email: [a@b.example], kinds: [journey.promotd] }', 'notifications.routes[0].kinds[0]'],
    ['S42', '{ route_id: default, email: [a@b.example] }', 'is what NOTIFICATION_EMAIL_TO makes'],
    [
      'S42',
      '{ route_id: ops, email: [a@b.example], quiet_hours: { from: "8 pm", to: "07:00", time_zone: UTC } }',
      'must be a time of day',
    ],
    [
      'S42',
      '{ route_id: ops, email: [a@b.example], quiet_hours: { from: "20:00", to: "07:00", time_zone: Europe/Berln } }',
      'must be a time zone',
    ],
    [
      'S42',
      '{ route_id: ops, email: [a@b.example], quiet_hours: { from: "07:00", to: "07:00", time_zone: UTC } }',
      'must differ from',
    ],
  ])('%s: %s stops the start: %s', (_item, text, says) => {
    expect(refusedFile(routes(text))).toContain(says);
  });

  test('S42: two routes of one name are refused', () => {
    const one = '{ route_id: ops, email: [a@b.example] }';
    expect(refusedFile(routes(`${one}\n    - ${one}`))).toContain('ops');
  });
});
