import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claimed, OutboxStore, Settlement } from '#application/relay/destination.ts';
import { transitionMessages } from '#core/journey/messages.ts';
import { postgresDeliveryStore } from '#adapters/postgres/delivery-store.ts';
import { postgresOutboxStore } from '#adapters/postgres/outbox-store.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';
import { anyEntry } from '#test/support/audit.ts';

const { plan } = playOf(smallDocument([{ id: 'sandbox', tasks: [{ id: 'work' }] }, { id: 'production' }]));
const LEASE_MS = 30_000;
const delivered = (at: number): Settlement => ({ state: 'delivered', at });
const later = (nextAttemptAt: number, state: 'waiting' | 'unknown' = 'unknown'): Settlement => ({
  state,
  problem: 'HTTP 500',
  failures: 1,
  nextAttemptAt,
});
const names = (claimed: readonly Claimed[]): string[] =>
  claimed.map(({ clientId, destination, type }) => `${clientId} ${destination} ${type}`).toSorted();

/** Messages are written with what they tell, claimed one a client, and settled by whoever has the claim. */
export function outboxContract(fresh: () => Promise<FreshDatabase>): void {
  describe('the outbox', { timeout: 120_000 }, () => {
    let at: FreshDatabase;
    let engine: TestJournal;
    let outbox: OutboxStore;
    let now = T0;

    beforeAll(async () => {
      at = await fresh();
      await holdAdmission(at.database, 1);
      outbox = postgresOutboxStore(at.database);
      engine = await openTestJournal(at.database, {
        plan,
        destinations: [
          { name: 'crm', wants: transitionMessages },
          { name: 'chat', wants: ['journey.completed'] },
        ],
      });
    });
    afterAll(async () => {
      await engine.journal.close();
      await at.drop();
    });

    /** Messages of one test are all that its claims can see: what others have left is taken away. */
    const anew = async (): Promise<void> => {
      await at.database.query('delete from outbox');
      now += 1_000_000;
      engine.world.now = now;
    };
    const claim = (destination = 'crm', more: { epoch?: number; limit?: number; machineNow?: number } = {}) => {
      const { epoch = 1, limit = 100, machineNow = now } = more;
      return outbox.claim({ destination, epoch, machineNow, leaseUntil: machineNow + LEASE_MS, limit });
    };
    const one = async (destination?: string, more?: { epoch?: number; machineNow?: number }): Promise<Claimed> => {
      const [first, ...others] = await claim(destination, more);
      if (!first || others.length > 0) throw new Error(`${others.length} others were claimed, too.`);
      return first;
    };
    const begin = (client: string) => engine.do(client, start());
    const end = (client: string) => engine.do(client, { type: 'complete', reason: 'over' });
    const stateOf = (client: string) =>
      at.database.query<{ seq: number; state: string; next_attempt_at: number; failures: number }>(
        `select seq, state, next_attempt_at, failures from outbox where client_id = $1 and destination = 'crm' order by seq`,
        [client],
      );

    test('S38: holds one row a message and destination that wants it, and none for anybody else', async () => {
      await anew();
      await begin('rows');
      await end('rows');
      const rows = await at.database.query(
        `select destination, message ->> 'type' as type, message -> 'data' ->> 'client_id' as client,
           (message -> 'data' ->> 'seq')::int = seq as same, state, attempts from outbox order by destination, seq`,
      );
      const row = { client: 'rows', same: true, state: 'waiting', attempts: 0 };
      expect(rows).toEqual([
        { ...row, destination: 'chat', type: 'journey.completed' },
        { ...row, destination: 'crm', type: 'journey.started' },
        { ...row, destination: 'crm', type: 'journey.completed' },
      ]);
    });

    test('I7: hands out only the first of each client that is left; the next follows when it has been delivered', async () => {
      await anew();
      for (const client of ['a1', 'a2']) {
        await begin(client);
        await end(client);
      }
      const first = await claim();
      expect(names(first)).toEqual(['a1 crm journey.started', 'a2 crm journey.started']);
      expect(names(await claim('chat')), 'another destination has an order of its own').toEqual([
        'a1 chat journey.completed',
        'a2 chat journey.completed',
      ]);
      expect(await claim(), 'what is claimed blocks what is behind it').toEqual([]);
      const [mine] = first;
      expect(mine && (await outbox.settle(mine, delivered(now)))).toBe(true);
      expect(names(await claim())).toEqual([`${mine?.clientId} crm journey.completed`]);
    });

    test('I7: a message that waits for its next attempt keeps those behind it waiting, and nobody else', async () => {
      await anew();
      await begin('b1');
      await end('b1');
      await outbox.settle(await one(), later(now + 60_000));
      await begin('b2');
      const [other, ...none] = await claim();
      expect([other?.clientId, none]).toEqual(['b2', []]);
      if (other) await outbox.settle(other, delivered(now));
      expect(await claim('crm', { machineNow: now + 59_000 })).toEqual([]);
      const again = (await claim('crm', { machineNow: now + 60_000 })).find(({ clientId }) => clientId === 'b1');
      expect(again).toMatchObject({ type: 'journey.started', attempt: 2, failures: 1, mayHaveArrived: true });
      if (again) await outbox.settle(again, delivered(now + 60_000));
      expect(names(await claim('crm', { machineNow: now + 60_000 }))).toEqual(['b1 crm journey.completed']);
    });

    test('I7: a dead letter lets those behind it go', async () => {
      await anew();
      await begin('c1');
      await end('c1');
      await outbox.settle(await one(), { state: 'dead', problem: 'no', failures: 10 });
      expect(names(await claim())).toEqual(['c1 crm journey.completed']);
    });

    test('says whether an earlier attempt may have arrived: nobody was called, it surely did not, or nobody knows', async () => {
      await anew();
      await begin('d1');
      const first = await one();
      expect(first.mayHaveArrived).toBe(false);
      expect((await stateOf('d1'))[0]?.state, 'marked before anybody is called').toBe('unknown');
      await outbox.settle(first, later(now, 'waiting'));
      const second = await one();
      expect(second.mayHaveArrived).toBe(false);
      await outbox.settle(second, later(now, 'unknown'));
      expect((await one()).mayHaveArrived).toBe(true);
    });

    test('I13: whoever has lost the claim changes nothing any more', async () => {
      await anew();
      await begin('e1');
      const stale = await one('crm', { epoch: 1 });
      expect(await claim('crm', { epoch: 2, machineNow: now + LEASE_MS - 1 })).toEqual([]);
      const theirs = await one('crm', { epoch: 2, machineNow: now + LEASE_MS });
      expect(theirs).toMatchObject({ attempt: 2, mayHaveArrived: true });
      expect(await outbox.settle(stale, delivered(now))).toBe(false);
      expect(await outbox.settle({ ...theirs, owner: 1 }, delivered(now))).toBe(false);
      expect(await outbox.settle({ ...theirs, attempt: 1 }, delivered(now))).toBe(false);
      expect((await stateOf('e1'))[0]?.state).toBe('unknown');
      expect(await outbox.settle(theirs, delivered(now))).toBe(true);
      expect(await outbox.settle(theirs, later(now)), 'a delivered one is nobody’s').toBe(false);
      expect((await stateOf('e1'))[0]?.state).toBe('delivered');
    });

    test('I7: of several claimers at once each message has one', async () => {
      await anew();
      const clients = Array.from({ length: 40 }, (_, index) => `f${index}`);
      await Promise.all(clients.map(begin));
      const claims = await Promise.all([1, 2, 3, 4].map((epoch) => claim('crm', { epoch, limit: 15 })));
      const rest = await claim('crm', { epoch: 5 });
      const all = [...claims.flat(), ...rest].map(({ clientId }) => clientId);
      expect(all.toSorted()).toEqual(clients.toSorted());
    });

    test('a limit takes those that have waited longest', async () => {
      await anew();
      await begin('g1');
      now += 10;
      engine.world.now = now;
      await begin('g2');
      expect(names(await claim('crm', { limit: 1 }))).toEqual(['g1 crm journey.started']);
    });

    test('a replay makes a dead letter due with all its attempts, before what still waits, and under its own fence', async () => {
      await anew();
      const deliveries = postgresDeliveryStore(at.database);
      await begin('h1');
      await end('h1');
      const dead = await one();
      await outbox.settle(dead, { state: 'dead', problem: 'no', failures: 10 });
      await outbox.settle(await one(), later(now + 5_000));
      const which = { destination: 'crm', clients: null, limit: 10 };
      expect(await deliveries.replay({ ...which, clients: ['other'] }, now, anyEntry)).toBe(0);
      expect(await deliveries.replay({ ...which, clientId: 'h1', seq: dead.seq }, now, anyEntry)).toBe(1);
      expect(await deliveries.replay({ ...which, clientId: 'h1', seq: dead.seq }, now, anyEntry), 'once').toBe(0);
      const replayed = await one('crm', { machineNow: now + 6_000 });
      expect(replayed).toMatchObject({ seq: dead.seq, attempt: 2, failures: 0, mayHaveArrived: true });
      await outbox.settle(replayed, delivered(now + 6_000));
      expect(await one('crm', { machineNow: now + 6_000 })).toMatchObject({ type: 'journey.completed' });
    });

    test('a replayed message is not handed out while a later one of its client is with somebody', async () => {
      await anew();
      await begin('i1');
      await end('i1');
      const dead = await one();
      await outbox.settle(dead, { state: 'dead', problem: 'no', failures: 10 });
      const underWay = await one();
      await postgresDeliveryStore(at.database).replay({ destination: 'crm', clients: null, limit: 10 }, now, anyEntry);
      expect(await claim('crm', { epoch: 2 })).toEqual([]);
      await outbox.settle(underWay, delivered(now));
      expect((await one('crm', { epoch: 2 })).seq).toBe(dead.seq);
    });

    test('deliveries are listed by client, destination and number, page after page, within what the caller may see', async () => {
      await anew();
      const deliveries = postgresDeliveryStore(at.database);
      for (const client of ['j1', 'j2']) {
        await begin(client);
        await end(client);
      }
      for (const claimed of await claim())
        await outbox.settle(
          claimed,
          claimed.clientId === 'j1' ? { state: 'dead', problem: 'no', failures: 10 } : delivered(now),
        );
      const listed = async (query: Partial<Parameters<typeof deliveries.list>[0]>) =>
        (await deliveries.list({ clients: null, limit: 10, ...query })).map(
          ({ client_id, destination, type }) => `${client_id} ${destination} ${type}`,
        );
      const all = await listed({});
      expect(all).toEqual([
        'j1 chat journey.completed',
        'j1 crm journey.started',
        'j1 crm journey.completed',
        'j2 chat journey.completed',
        'j2 crm journey.started',
        'j2 crm journey.completed',
      ]);
      const [, second] = await deliveries.list({ clients: null, limit: 2 });
      const after = second && { clientId: second.client_id, destination: second.destination, seq: second.seq };
      expect(await listed({ after })).toEqual(all.slice(2));
      expect(await listed({ state: 'dead' })).toEqual(['j1 crm journey.started']);
      expect(await listed({ clientId: 'j2', destination: 'chat' })).toEqual(['j2 chat journey.completed']);
      expect(await listed({ clients: ['j2'] })).toEqual(all.slice(3));
    });
  });
}
