import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { postgresDeliveryStore } from '#adapters/postgres/delivery-store.ts';
import { delivered, failed, relayStage, type RelayStage, type Scripted } from '#test/support/outbound/relay-stage.ts';
import { anyEntry } from '#test/support/audit.ts';

const seqs = ({ calls }: Scripted, client: string) =>
  calls.filter(({ message }) => message.clientId === client).map(({ message }) => message.seq);

describe('how often the relay tries', { timeout: 120_000 }, () => {
  let stage: RelayStage;

  beforeEach(async () => {
    stage = await relayStage();
  });
  afterEach(() => stage.close());

  test('S40: retries come after 0, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h, each by a tenth sooner or later; then it is dead, with an alert', async () => {
    const crm = stage.scripted('crm', () => failed);
    const relay = stage.relayTo([crm]);
    await stage.begin('b1');
    await stage.end('b1');
    stage.tell();
    await relay.idle();
    // As fine as the first wait, and coarser with the later ones.
    await stage.passing(10 * SECOND, SECOND / 2);
    await stage.passing(10 * MINUTE, 10 * SECOND);
    await stage.passing(60 * MINUTE, MINUTE);
    await stage.passing(90 * HOUR, 6 * MINUTE);
    const calls = crm.calls.filter(({ message }) => message.type === 'journey.started');
    const waits = calls.slice(1).map((call, index) => call.at - (calls[index]?.at ?? 0));
    const expected = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR)];
    expect(waits).toHaveLength(expected.length);
    for (const [index, wait_ms] of expected.entries()) {
      const look_ms =
        wait_ms > HOUR ? 6 * MINUTE : wait_ms > 5 * MINUTE ? MINUTE : wait_ms > MINUTE ? 10 * SECOND : SECOND;
      expect(waits[index], `wait ${index}`).toBeGreaterThanOrEqual(wait_ms * 0.9);
      expect(waits[index], `wait ${index}`).toBeLessThanOrEqual(wait_ms * 1.1 + look_ms);
    }
    expect(stage.alerts[0]).toBe('delivery_dead: dlv-b1:crm:2 is a dead letter: HTTP 500');
    expect(seqs(crm, 'b1').slice(0, 11), 'what is behind it goes once it is dead').toEqual([
      ...Array(10).fill(2),
      3 + 1,
    ]);
  });

  test('S40: Retry-After is waited for, also by the others, but by those five minutes at most', async () => {
    const crm = stage.scripted('crm', () => ({ ...failed, after_ms: HOUR }));
    stage.relayTo([crm]);
    await stage.begin('c1');
    await stage.look();
    crm.answer = () => delivered;
    await stage.begin('c2');
    await stage.passing(4 * MINUTE, 30 * SECOND);
    expect(crm.calls).toHaveLength(1);
    await stage.passing(2 * MINUTE, 30 * SECOND);
    expect(crm.calls.map(({ message }) => message.clientId)).toEqual(['c1', 'c2']);
    await stage.passing(55 * MINUTE, MINUTE);
    expect(crm.calls.map(({ message }) => message.clientId)).toEqual(['c1', 'c2', 'c1']);
  });

  test('a destination that is down is left alone but for a probe a minute, and no attempt is burnt meanwhile', async () => {
    const crm = stage.scripted('crm', () => failed);
    stage.relayTo([crm]);
    const clients = Array.from({ length: 30 }, (_, index) => `e${index}`);
    await Promise.all(clients.map(stage.begin));
    await stage.look();
    await stage.passing(HOUR, 10 * SECOND);
    expect(stage.alerts).toEqual(['breaker_open: dependency:crm failed 5 times in a row: its calls wait.']);
    expect(crm.calls.length).toBeLessThan(30 + 70);
    const [row] = await stage.database.query<{ most: number }>('select max(failures) as most from outbox');
    expect(row?.most).toBe(1);
    crm.answer = () => delivered;
    await stage.passing(6 * MINUTE, 30 * SECOND);
    expect(await stage.states()).toEqual({ delivered: 30 });
    crm.answer = () => failed;
    await Promise.all(clients.map(stage.end));
    await stage.look();
    expect(stage.alerts, 'told again only because it had been up between').toHaveLength(2);
  });

  test('S40: one that says 410 is parked: an alert, nothing lost, nothing dead; when it is back everything goes out', async () => {
    const crm = stage.scripted('crm', () => ({ type: 'gone', problem: 'It answered HTTP 410.' }));
    stage.relayTo([crm]);
    for (const client of ['f1', 'f2']) {
      await stage.begin(client);
      await stage.end(client);
    }
    await stage.look();
    await stage.passing(10 * 24 * HOUR, 30 * MINUTE);
    expect(stage.alerts).toEqual([
      'destination_gone: crm says that it is gone; its messages are parked. It answered HTTP 410.',
    ]);
    expect(await stage.states()).toEqual({ waiting: 4 });
    crm.answer = () => delivered;
    await stage.passing(15 * MINUTE, MINUTE);
    expect(await stage.states()).toEqual({ delivered: 4 });
  });

  test('a message that is refused is dead at once, and the next goes on', async () => {
    const crm = stage.scripted('crm', ({ type }) =>
      type === 'journey.started' ? { type: 'refused', problem: 'too large' } : delivered,
    );
    stage.relayTo([crm]);
    await stage.begin('g1');
    await stage.end('g1');
    await stage.look();
    expect(seqs(crm, 'g1')).toEqual([2, 4]);
    expect(stage.alerts).toEqual(['delivery_dead: dlv-g1:crm:2 is a dead letter: too large']);
    expect(await stage.states()).toEqual({ dead: 1, delivered: 1 });
  });

  test('S40: a replay sends a dead letter again under its id, before what waits behind it', async () => {
    const crm = stage.scripted('crm', () => ({ type: 'refused', problem: 'no' }));
    stage.relayTo([crm]);
    await stage.begin('h1');
    await stage.look();
    crm.answer = () => delivered;
    await stage.end('h1');
    await postgresDeliveryStore(stage.database).replay(
      { destination: 'crm', clients: null, limit: 10 },
      stage.clock.machine(),
      anyEntry,
    );
    await stage.look();
    expect(crm.calls.map(({ message }) => [message.id, message.attempt])).toEqual([
      ['dlv-h1:crm:2', 1],
      ['dlv-h1:crm:2', 2],
      ['dlv-h1:crm:4', 1],
    ]);
  });
});
