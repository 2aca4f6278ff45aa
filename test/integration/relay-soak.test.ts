import { expect, test } from 'vitest';
import { openBreakers } from '#application/breakers.ts';
import { openRelay } from '#application/relay/relay.ts';
import { transitionMessages } from '#core/journey/messages.ts';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import type { Command } from '#core/journey/commands.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { crmWebhook } from '#adapters/outbound/crm-webhook.ts';
import { guardedPost } from '#adapters/outbound/guarded-post.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import { postgresOutboxStore } from '#adapters/postgres/outbox-store.ts';
import { seededRandom } from '#test/support/engine/cutting-proxy.ts';
import { loopback, quiet, smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal } from '#test/support/engine/journal.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { answering, firstArrivals, receiver } from '#test/support/outbound/receiver.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const CLIENTS = 25;
const SEED = 20_260_201;
const { plan } = playOf(
  smallDocument([{ id: 'sandbox', auto: false }, { id: 'pilot', auto: false }, { id: 'production' }]),
);

/** What may happen to a journey; what does not fit is refused, and tells nobody. */
const commands: readonly Command[] = [
  start(),
  { type: 'promote', reason: 'ready' },
  { type: 'promote', reason: 'ready' },
  { type: 'roll_back', reason: 'not ready', toStage: undefined },
  { type: 'complete', reason: 'over' },
];

test('I7 S38: a soak with the CRM in trouble, down for six days, and back: every transition arrives, in order per client', async () => {
  await using at = await freshEmbedded();
  await using crm = await receiver();
  const clock = virtualClock();
  const random = seededRandom(SEED);
  const engine = await openTestJournal(at.database, {
    plan,
    clock,
    destinations: [{ name: 'crm', wants: transitionMessages }],
  });
  await holdAdmission(at.database, 1);
  const alerts: string[] = [];
  const raise = (alert: string): void => void alerts.push(alert);
  const breakers = openBreakers({
    store: postgresBreakerStore(at.database),
    policy: () => plan.breaker,
    clock,
    logger: quiet,
    raise,
  });
  const webhook = { url: crm.url, secrets: ['a secret of this test'], hubSignature: false, clock };
  const relay = openRelay({
    destinations: [crmWebhook({ ...webhook, post: guardedPost(addressGuard(loopback)) })],
    outbox: postgresOutboxStore(at.database),
    epoch: () => 1,
    clock,
    logger: quiet,
    breakers,
    alert: raise,
  });
  const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${index}`);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

  /** Journeys go on whatever the CRM does; the relay looks as often as said. */
  async function live(time_ms: number, every_ms: number): Promise<void> {
    for (let passed = 0; passed < time_ms; passed += every_ms) {
      await Promise.all([1, 2, 3].map(() => engine.submit(pick(clients), pick(commands))));
      await clock.advance(every_ms);
      relay.look();
      await relay.idle();
    }
  }

  await Promise.all(clients.map((client) => engine.do(client, start())));
  await live(12 * HOUR, HOUR);
  // Every fourth call fails, is cut, or is asked to come later.
  crm.reply((received, response) =>
    pick([
      answering(204),
      answering(204),
      answering(204),
      pick([answering(500), answering(429, { 'retry-after': '30' }), () => void response.destroy()]),
    ])(received, response),
  );
  await live(DAY, HOUR);
  await crm.down();
  await live(6 * DAY, 30 * MINUTE);
  const arrivedBefore = crm.received.length;
  await crm.back();
  crm.reply(answering(204));
  // What failed once before it was known to be down comes within half an hour; what failed in the days of trouble later.
  for (let waits = 0; waits < 200; waits += 1) {
    await clock.advance(10 * MINUTE);
    relay.look();
    await relay.idle();
  }
  await relay.stop();
  await engine.journal.close();

  const events = await at.database.query<{ client_id: string; seq: number }>(
    `select client_id, seq from journey_events where type in ('stage_entered', 'journey_completed') order by client_id, seq`,
  );
  const transitions = Object.fromEntries(
    [...Map.groupBy(events, ({ client_id }) => client_id)].map(([client, of]) => [client, of.map(({ seq }) => seq)]),
  );
  const left = await at.database.query(`select * from outbox where state <> 'delivered'`);
  expect(left, `seed ${SEED}`).toEqual([]);
  expect(firstArrivals(crm.received), `seed ${SEED}`).toEqual(transitions);
  expect(events.length).toBeGreaterThan(300);
  expect(crm.received.length - arrivedBefore).toBeGreaterThan(100);
  expect(alerts, 'down was told, and no letter died').toContain('breaker_open');
  expect(alerts).not.toContain('delivery_dead');
}, 180_000);
