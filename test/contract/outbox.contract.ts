import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claimed, OutboxStore, Settlement } from '#application/relay/destination.ts';
import { transitionMessages } from '#core/journey/messages.ts';
import { postgresDeliveryStore } from '#adapters/postgres/delivery-store.ts';
import { postgresNoticeStore } from '#adapters/postgres/notice-store.ts';
import { postgresOutboxStore } from '#adapters/postgres/outbox-store.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';
import { anyEntry } from '#test/support/audit.ts';

const { plan } = playOf(smallDocument([{ id: 'sandbox', tasks: [{ id: 'work' }] }, { id: 'production' }]));
const LEASE_MS = 30_000;
const delivered = (at: number): Settlement => ({ state: 'delivered', at });
const later = (nextAttemptAt: number, state: 'waiting' | 'unknown' = 'unknown') => ({
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

    test('what is held and whom an attempt has reached is kept with the message', async () => {
      await anew();
      await begin('k1');
      await outbox.settle(await one(), { ...later(now + 1_000, 'waiting'), held: true, failures: 0 });
      const held = await one('crm', { machineNow: now + 1_000 });
      expect(held).toMatchObject({ held: true, reached: [], failures: 0, mayHaveArrived: false });
      await outbox.settle(held, { ...later(now + 2_000, 'waiting'), reached: ['a@b.example'] });
      const again = await one('crm', { machineNow: now + 2_000 });
      expect(again).toMatchObject({ held: false, reached: ['a@b.example'] });
      await outbox.settle(again, later(now + 3_000, 'waiting'));
      expect((await one('crm', { machineNow: now + 3_000 })).reached, 'it is not forgotten').toEqual(['a@b.example']);
    });

    const gather = (leader: Claimed, more: { ownClient?: boolean; limit?: number; now?: number } = {}) =>
      postgresNoticeStore(at.database).gather(leader, { more: true, ownClient: false, limit: 100, now, ...more });

    test('I7: what is gathered is all of a client up to what somebody else has, is claimed by nobody, and ends as its leader does', async () => {
      await anew();
      for (const client of ['m1', 'm2', 'm3', 'm4']) {
        await begin(client);
        await end(client);
      }
      const [leader, elsewhere] = await claim('crm', { limit: 2 });
      if (!leader || !elsewhere) throw new Error('Two were to be claimed.');
      await outbox.settle(elsewhere, later(now + 60_000));
      const free = ['m1', 'm2', 'm3', 'm4'].filter((client) => client !== elsewhere.clientId);
      const gathered = await gather(leader);
      const expected = free.flatMap((client) =>
        client === leader.clientId
          ? [`${client} journey.completed`]
          : [`${client} journey.started`, `${client} journey.completed`],
      );
      expect(gathered.map(({ clientId, type }) => `${clientId} ${type}`)).toEqual(expected);
      expect(await claim('crm', { epoch: 2 })).toEqual([]);
      expect((await gather(leader, { limit: 0 })).length, 'asked again it is the same').toBe(expected.length);
      await outbox.settle(leader, delivered(now));
      expect(names(await claim('crm', { epoch: 2, machineNow: now + 60_000 }))).toEqual([
        `${elsewhere.clientId} crm journey.started`,
      ]);
      const rows = (await Promise.all(free.map(stateOf))).flat();
      expect(rows.map(({ state }) => state)).toEqual(Array(6).fill('delivered'));
    });

    test('of one client alone nothing of another is gathered; a dead leader lets each be replayed by itself', async () => {
      await anew();
      for (const client of ['n1', 'n2']) {
        await begin(client);
        await end(client);
      }
      const [leader] = await claim('crm', { limit: 1 });
      if (!leader) throw new Error('One was to be claimed.');
      expect((await gather(leader, { ownClient: true })).map(({ clientId }) => clientId)).toEqual([leader.clientId]);
      await outbox.settle(leader, { state: 'dead', problem: 'no', failures: 10 });
      expect((await stateOf(leader.clientId)).map(({ state }) => state)).toEqual(['dead', 'dead']);
      const which = { destination: 'crm', clientId: leader.clientId, clients: null, limit: 10 };
      expect(await postgresDeliveryStore(at.database).replay(which, now, anyEntry)).toBe(2);
      const [first, ...none] = (await claim()).filter(({ clientId }) => clientId === leader.clientId);
      expect([first?.seq, none]).toEqual([leader.seq, []]);
    });

    test('I7: of several that gather and claim at once each message is with one, and never behind one that is with another', async () => {
      await anew();
      const clients = Array.from({ length: 24 }, (_, index) => `o${String(index).padStart(2, '0')}`);
      await Promise.all(clients.map(begin));
      await Promise.all(clients.map(end));
      const leaders = await claim('crm', { limit: 3 });
      const [claimed, ...gathered] = await Promise.all([
        claim('crm', { epoch: 2, limit: 5 }),
        ...leaders.map((leader) => gather(leader)),
      ]);
      const all = [...leaders, ...claimed, ...gathered.flat()].map(({ clientId, seq }) => `${clientId}:${seq}`);
      expect(new Set(all).size).toBe(all.length);
      const hasGathered = (client: string) => gathered.flat().some(({ clientId }) => clientId === client);
      expect(claimed.filter(({ clientId }) => hasGathered(clientId))).toEqual([]);
      const isLed = (client: string) => leaders.some(({ clientId }) => clientId === client);
      const torn = gathered.flatMap((of) =>
        of.filter(
          ({ clientId, seq }) =>
            seq > 2 && !isLed(clientId) && !of.some((before) => before.clientId === clientId && before.seq < seq),
        ),
      );
      expect(torn, 'the end of a journey without its beginning').toEqual([]);
    });

    test('of many that ask for a place in a window so many get one, the last is told so, and the next window has as many', async () => {
      await anew();
      const store = postgresNoticeStore(at.database);
      const window = { destination: `w${now}`, clientId: null, most: 3, window_ms: 60_000 };
      const places = await Promise.all(Array.from({ length: 10 }, () => store.place(window, now)));
      const granted = places.filter((place) => place.granted);
      expect(granted.filter(({ isLast }) => isLast)).toHaveLength(1);
      expect(granted).toHaveLength(3);
      expect(places.find((place) => !place.granted)).toEqual({ granted: false, until: now + 60_000 });
      await store.giveBack(window);
      expect(await store.place(window, now + 1)).toEqual({ granted: true, isLast: true });
      expect(await store.place({ ...window, clientId: 'acme' }, now), 'a client’s own is another').toMatchObject({
        granted: true,
      });
      expect(await store.place(window, now + 60_000)).toEqual({ granted: true, isLast: false });
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
