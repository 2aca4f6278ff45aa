import { describe, expect, test } from 'vitest';
import { noticeDestinations } from '#application/notifications/destinations.ts';
import { mailOf } from '#application/notifications/mail.ts';
import type { Channel } from '#application/notifications/notice.ts';
import { serviceDestination } from '#application/notifications/notifier.ts';
import type { Clock } from '#application/ports.ts';
import type { Destination } from '#application/relay/destination.ts';
import { messageTypes } from '#core/journey/messages.ts';
import type { Route } from '#core/notices/route.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { guardedPost } from '#adapters/outbound/guarded-post.ts';
import { notificationService } from '#adapters/outbound/cloud-event-post.ts';
import { smtpMail } from '#adapters/outbound/smtp-mail.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresNoticeStore } from '#adapters/postgres/notice-store.ts';
import { postgresSlackStore } from '#adapters/postgres/slack-store.ts';
import { noticesInSlack } from '#bot/notices.ts';
import { posting } from '#bot/posting.ts';
import { webClient, webClientOptions } from '#bot/web-api.ts';
import { CHANNEL, startSlackDouble } from '#examples/slack/slack-double.ts';
import { loopback, quiet } from '#test/support/engine/fixtures.ts';
import { MAIL_PASSWORD, MAIL_USER, mailServer, testAuthority } from '#test/support/outbound/mail-server.ts';
import { firstArrivals, receiver } from '#test/support/outbound/receiver.ts';
import { relayStage, type RelayStage } from '#test/support/outbound/relay-stage.ts';

const clients = Array.from({ length: 12 }, (_, index) => `client-${String(index).padStart(2, '0')}`);
const route: Route = {
  id: 'ops',
  kinds: messageTypes,
  stages: null,
  clients: null,
  email: ['ops@example.com'],
  journeyContacts: false,
  slack: [CHANNEL, 'U0ANN'],
  urgent: [],
  quietHours: null,
  digest: { most: 1_000, window_ms: MINUTE },
  isFallback: false,
};

type Parts = { readonly database: Database; readonly clock: Clock };
const through =
  (channel: Pick<Parameters<typeof noticeDestinations>[1], 'email' | 'slack'>) =>
  ({ database, clock }: Parts): readonly Destination[] =>
    noticeDestinations([route], {
      store: postgresNoticeStore(database),
      clock,
      contactsOf: async () => [],
      ...channel,
    });

/** Journeys begin, the other side is away for an hour in which they go on and end, and it comes back. */
async function anHourAway(
  destinations: (parts: Parts) => readonly Destination[],
  [down, back]: readonly [() => unknown, () => unknown],
): Promise<RelayStage & { readonly written: Readonly<Record<string, readonly number[]>> }> {
  let opened: readonly Destination[] = [];
  const stage = await relayStage((parts) => (opened = destinations(parts)));
  stage.relayTo(opened);
  await Promise.all(clients.slice(0, 4).map(stage.begin));
  await stage.look();
  await down();
  await Promise.all(clients.slice(4).map(stage.begin));
  await stage.passing(30 * MINUTE, 20 * SECOND);
  // Whoever cannot be told keeps no journey from going on.
  await Promise.all(clients.map(stage.end));
  await stage.passing(30 * MINUTE, 20 * SECOND);
  await back();
  await stage.passing(2 * HOUR, MINUTE);
  const rows = await stage.database.query<{ client_id: string; seq: number; state: string; failures: number }>(
    'select client_id, seq, state, failures from outbox order by client_id, seq',
  );
  expect(rows).toHaveLength(clients.length * 2);
  expect(rows.filter(({ state }) => state !== 'delivered')).toEqual([]);
  expect(stage.alerts.filter((alert) => !alert.startsWith('breaker_open'))).toEqual([]);
  const written = Object.fromEntries(
    [...Map.groupBy(rows, ({ client_id }) => client_id)].map(([client, of]) => [client, of.map(({ seq }) => seq)]),
  );
  return { ...stage, written };
}

describe('an hour in which nobody can be told, and back', { timeout: 180_000 }, () => {
  test('S42 I20: the mail server: every mail arrives once, in order per client', async () => {
    await using there = await mailServer();
    const mail = smtpMail({
      url: `smtp://${MAIL_USER}:${encodeURIComponent(MAIL_PASSWORD)}@127.0.0.1:${there.port}`,
      requireTls: true,
      from: 'journeys@example.com',
      connections: 1,
      ca: testAuthority,
    });
    const email: Channel = {
      dependency: 'smtp',
      send: ({ id, recipients, reached, items }, signal) =>
        mail.send({ id, recipients, reached, ...mailOf({ items }, { linkTo: () => null }) }, signal),
    };
    const stage = await anHourAway(through({ email, slack: null }), [there.down, there.back]);
    try {
      expect(stage.alerts).toEqual(['breaker_open: dependency:smtp failed 5 times in a row: its calls wait.']);
      const subjects = there.arrived.map(({ headers }) => headers.get('subject') ?? '');
      for (const client of clients)
        expect(subjects.filter((subject) => subject.startsWith(`${client}:`))).toEqual([
          `${client}: The journey has begun: it is in sandbox.`,
          `${client}: Completed in sandbox: over`,
        ]);
      const ids = there.arrived.map(({ headers }) => headers.get('message-id'));
      expect(new Set(ids).size).toBe(ids.length);
    } finally {
      mail.close();
      await stage.close();
    }
  });

  test('S41 I20: the notification service: every event arrives, in order per client', async () => {
    await using there = await receiver();
    const url = new URL(there.url).origin;
    const service = (clock: Clock): Destination =>
      serviceDestination({
        post: notificationService({
          url,
          secrets: [],
          source: 'https://journeys.example.com/',
          post: guardedPost(addressGuard(loopback)),
          clock,
        }),
        channels: ['email'],
        routes: [route],
        contactsOf: async () => [],
      });
    const stage = await anHourAway(({ clock }) => [service(clock)], [there.down, there.back]);
    try {
      expect(firstArrivals(there.received)).toEqual(stage.written);
    } finally {
      await stage.close();
    }
  });

  test('S43 I20: Slack: every notice stands once in the channel and once with the person, in order per client', async () => {
    await using there = await startSlackDouble();
    const away = Array.from({ length: 500 }, () => ({ is: 'status', status: 503, done: false }) as const);
    const slackOf = ({ database, clock }: Parts): Channel => {
      const client = webClient('xoxb-canary-0123456789', webClientOptions(there.apiUrl, quiet));
      // The pause between two messages of a channel is not what is looked at.
      const unhurried: Clock = { ...clock, sleep: async () => undefined };
      return noticesInSlack(client, posting(client, postgresSlackStore(database), unhurried));
    };
    const stage = await anHourAway(
      (parts) => through({ email: null, slack: slackOf(parts) })(parts),
      [() => there.mishaps('chat.postMessage', ...away), () => there.forgive('chat.postMessage')],
    );
    try {
      for (const channel of [CHANNEL, 'D0ANN']) {
        const texts = there.standing(channel).map(({ text }) => text);
        for (const client of clients)
          expect(texts.filter((text) => text.startsWith(`${client}:`))).toEqual([
            `${client}: The journey has begun: it is in sandbox.`,
            `${client}: Completed in sandbox: over`,
          ]);
      }
    } finally {
      await stage.close();
    }
  });
});
