import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryResult } from '#application/relay/destination.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { delivered, failed, relayStage, type RelayStage, type Scripted } from '#test/support/outbound/relay-stage.ts';

const seqs = ({ calls }: Scripted, client: string) =>
  calls.filter(({ message }) => message.clientId === client).map(({ message }) => message.seq);

describe('the relay', { timeout: 120_000 }, () => {
  let stage: RelayStage;

  beforeEach(async () => {
    stage = await relayStage();
  });
  afterEach(() => stage.close());

  test('S38: what a flush has written goes out at once, without a look, with id, type, time and data', async () => {
    const crm = stage.scripted('crm');
    const relay = stage.relayTo([crm]);
    await stage.begin('a1');
    stage.tell();
    await relay.idle();
    expect(crm.calls.map(({ message }) => message)).toEqual([
      {
        id: 'dlv-a1:crm:2',
        clientId: 'a1',
        seq: 2,
        type: 'journey.started',
        timestamp: new Date(stage.clock.journey()).toISOString(),
        data: { client_id: 'a1', seq: 2, from: null, to: 'sandbox', stage_entry: 1, reason: 'The journey begins.' },
        attempt: 1,
        mayHaveArrived: false,
        held: false,
        reached: [],
      },
    ]);
    expect(await stage.states()).toEqual({ delivered: 1 });
  });

  test('a flush that wrote nothing for a destination does not make it look', async () => {
    let claims = 0;
    const store = stage.outbox;
    const counting = { ...store, claim: (claim: Parameters<typeof store.claim>[0]) => (claims++, store.claim(claim)) };
    const relay = stage.relayTo([stage.scripted('chat')], counting);
    await stage.begin('a2');
    stage.tell();
    await relay.idle();
    expect(claims).toBe(0);
  });

  test('I7: a client whose message fails waits with all that follows; the others go on, in order', async () => {
    const crm = stage.scripted('crm', ({ clientId }) => (clientId === 'd1' ? failed : delivered));
    stage.relayTo([crm]);
    for (const client of ['d1', 'd2', 'd3']) {
      await stage.begin(client);
      await stage.end(client);
    }
    await stage.look();
    expect([seqs(crm, 'd2'), seqs(crm, 'd3')]).toEqual([
      [2, 4],
      [2, 4],
    ]);
    expect(seqs(crm, 'd1')).toEqual([2]);
    crm.answer = () => delivered;
    await stage.passing(6 * SECOND);
    expect(seqs(crm, 'd1')).toEqual([2, 2, 4]);
    expect(await stage.states()).toEqual({ delivered: 6 });
  });

  test('I20: one that never answers has ten calls under way at most, each for 15 s, and delays no other destination', async () => {
    const crm = stage.scripted('crm', () => new Promise(() => undefined));
    const chat = stage.scripted('chat');
    const relay = stage.relayTo([crm, chat]);
    const clients = Array.from({ length: 15 }, (_, index) => `i${index}`);
    await Promise.all(clients.map(stage.begin));
    relay.look();
    while (crm.calls.length < 10) await stage.clock.advance(0);
    await Promise.all(clients.map(stage.end));
    stage.tell();
    while (chat.calls.length < 15) await stage.clock.advance(0);
    expect(crm.calls).toHaveLength(10);
    crm.answer = () => delivered;
    await stage.clock.advance(14 * SECOND);
    expect(crm.calls).toHaveLength(10);
    await stage.clock.advance(SECOND);
    expect(crm.calls.slice(0, 10).every(({ signal }) => signal.aborted)).toBe(true);
    await relay.idle();
    await stage.passing(HOUR, MINUTE);
    expect([await stage.states(), await stage.states('chat')]).toEqual([{ delivered: 30 }, { delivered: 15 }]);
    const again = crm.calls.find(({ message }) => message.attempt === 2);
    expect(again?.message.mayHaveArrived).toBe(true);
  });

  test('one that throws has failed, and the relay goes on', async () => {
    const crm = stage.scripted('crm', () => {
      throw new Error('a bug');
    });
    stage.relayTo([crm]);
    await stage.begin('j1');
    await stage.look();
    crm.answer = () => delivered;
    await stage.passing(6 * SECOND);
    expect(crm.calls).toHaveLength(2);
    expect(await stage.states()).toEqual({ delivered: 1 });
  });

  test('a stop waits for calls under way, then breaks them off; their messages are due again and nothing is burnt', async () => {
    const held = Promise.withResolvers<DeliveryResult>();
    const crm = stage.scripted('crm', ({ clientId }) =>
      clientId === 'k1' ? held.promise : new Promise(() => undefined),
    );
    const relay = stage.relayTo([crm]);
    await stage.begin('k1');
    await stage.begin('k2');
    relay.look();
    while (crm.calls.length < 2) await stage.clock.advance(0);
    const stopped = relay.stop();
    held.resolve(delivered);
    await stage.clock.advance(5 * SECOND);
    await stopped;
    expect(await stage.states()).toEqual({ delivered: 1, unknown: 1 });
    const [row] = await stage.database.query<{ failures: number; due: boolean }>(
      `select failures, next_attempt_at <= $1 as due from outbox where client_id = 'k2'`,
      [new Date(stage.clock.machine()).toISOString()],
    );
    expect(row).toEqual({ failures: 0, due: true });
    await stage.begin('k3');
    await stage.look();
    expect(crm.calls, 'nothing begins after the stop').toHaveLength(2);
  });

  test('I13: who was asleep since the claim calls nobody: somebody else may be calling', async () => {
    const crm = stage.scripted('crm');
    const store = stage.outbox;
    let sleeps = true;
    stage.relayTo([crm], {
      ...store,
      claim: async (claim) => {
        const claimed = await store.claim(claim);
        if (sleeps && claimed.length > 0) await stage.clock.advance(16 * SECOND);
        return claimed;
      },
    });
    await stage.begin('l1');
    await stage.look();
    expect(crm.calls).toEqual([]);
    sleeps = false;
    await stage.passing(15 * SECOND);
    expect(crm.calls.map(({ message }) => message.attempt)).toEqual([2]);
  });

  test('what is written while it is looking for nothing is not missed', async () => {
    const crm = stage.scripted('crm');
    const store = stage.outbox;
    let first = true;
    stage.relayTo([crm], {
      ...store,
      claim: async (claim) => {
        const claimed = await store.claim(claim);
        if (first) {
          first = false;
          await stage.begin('n1');
          stage.tell();
        }
        return claimed;
      },
    });
    await stage.look();
    expect(crm.calls).toHaveLength(1);
  });

  test('once it may have arrived, an attempt that surely did not makes that no clearer', async () => {
    const crm = stage.scripted('crm', ({ attempt }) => ({ ...failed, mayHaveArrived: attempt === 2 }));
    stage.relayTo([crm]);
    await stage.begin('o1');
    await stage.look();
    await stage.passing(6 * SECOND);
    await stage.passing(6 * MINUTE);
    await stage.passing(40 * MINUTE);
    expect(crm.calls.map(({ message }) => message.mayHaveArrived)).toEqual([false, false, true, true]);
  });

  test('I7: what became of a delivery is lost with the database: it is sent again when the claim is over', async () => {
    const crm = stage.scripted('crm');
    const store = stage.outbox;
    let away = true;
    stage.relayTo([crm], {
      ...store,
      settle: (...settling) => (away ? Promise.reject(new Error('away')) : store.settle(...settling)),
    });
    await stage.begin('m1');
    await stage.look();
    away = false;
    await stage.passing(29 * SECOND);
    expect(crm.calls).toHaveLength(1);
    await stage.passing(2 * SECOND);
    expect(crm.calls.map(({ message }) => [message.attempt, message.mayHaveArrived])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(await stage.states()).toEqual({ delivered: 1 });
  });
});
