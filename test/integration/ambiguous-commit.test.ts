import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JourneyError } from '#core/errors.ts';
import type { Submitted } from '#application/journal.ts';
import { openServer } from '#adapters/postgres/server.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { cuttingProxy, seededRandom, type Cut, type CuttingProxy } from '#test/support/engine/cutting-proxy.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { eventsOf, holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const { plan } = playOf(smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }] }, { id: 'production' }]));
const input = (number: number) => ({ type: 'provide_input', inputs: { number } }) as const;

describe('a connection that is cut around the commit of a flush', () => {
  let at: FreshDatabase;
  let proxy: CuttingProxy;
  let through: Database;
  let engine: TestJournal;

  beforeEach(async () => {
    at = await freshDatabase();
    await holdAdmission(at.database, 1);
    proxy = await cuttingProxy(at.url);
    await open(60_000);
  });
  /** What takes longer than that is given up, as if the connection had been cut. */
  async function open(statementTimeout_ms: number): Promise<void> {
    through = await openServer({ server: proxy.url, statementTimeout_ms });
    engine = await openTestJournal(through, { plan });
  }
  async function close(): Promise<void> {
    await engine.journal.close();
    await through.close();
  }
  afterEach(async () => {
    proxy.plan = () => 'none';
    await close();
    await proxy[Symbol.asyncDispose]();
    await at.drop();
  });

  /** The numbers that were recorded for a client, in order. */
  const recorded = (client: string): Promise<number[]> =>
    at.database
      .query<{ number: number }>(
        `select (data -> 'inputs' ->> 'number')::int as number from journey_events where client_id = $1 and type = 'input_provided' order by seq`,
        [client],
      )
      .then((rows) => rows.map(({ number }) => number));

  test.each<Cut>(['before', 'after'])(
    'I8: cut %s the server has done it: acknowledged once, recorded once',
    async (cut) => {
      let next: Cut = cut;
      proxy.plan = () => {
        const now = next;
        next = 'none';
        return now;
      };
      const answer = await engine.do('acme', start());
      expect(answer.journey.version).toBe(2);
      expect(await eventsOf(at.database, 'acme')).toHaveLength(2);
      expect(proxy.cuts[cut]).toBe(1);
      expect(engine.journal.stats().ambiguous).toBe(1);
      await engine.do('acme', input(1));
    },
  );

  test.each([11, 12, 13])(
    'I8: under single cuts every command of every flush is recorded exactly once (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      let wasCut = false;
      // Never two in a row: the statement that finds out what became of the first one gets through.
      proxy.plan = () => {
        const cut: Cut = wasCut || random() < 0.6 ? 'none' : random() < 0.5 ? 'before' : 'after';
        wasCut = cut !== 'none';
        return cut;
      };
      const clients = Array.from({ length: 12 }, (_, index) => `client-${index}`);
      await Promise.all(clients.map((client) => engine.do(client, start())));
      for (let round = 0; round < 15; round += 1)
        await Promise.all(clients.map((client) => engine.do(client, input(round))));
      for (const client of clients)
        expect(await recorded(client)).toEqual(Array.from({ length: 15 }, (_, round) => round));
      expect(proxy.cuts.before).toBeGreaterThan(0);
      expect(proxy.cuts.after).toBeGreaterThan(0);
    },
  );

  test.each([21, 22])(
    'S139: under any cuts, who repeats under the same key is answered once with what is recorded once (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      proxy.plan = () => (random() < 0.5 ? 'none' : random() < 0.5 ? 'before' : 'after');
      const clients = ['a', 'b', 'c', 'd'];
      for (let number = 0; number < 12; number += 1) {
        const answers = await Promise.all(clients.map((client) => insist(engine, client, number)));
        // The start makes two events, each input one.
        for (const { answer } of answers) expect(answer).toBe(number + 2);
      }
      for (const client of clients)
        expect(await recorded(client)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
    },
  );

  test('a connection that falls silent is given up after its time, and what it was doing is found out', async () => {
    await close();
    await open(2_000);
    await engine.do('acme', start());
    let next: Cut = 'silence';
    proxy.plan = () => {
      const now = next;
      next = 'none';
      return now;
    };
    await engine.do('acme', input(1));
    expect(await recorded('acme')).toEqual([1]);
  });
});

const versionOf = ({ journey }: { journey: { version: number } }) => journey.version;

/** Repeats a request under its key until it is answered; whatever goes wrong must be that nobody knows. */
async function insist(engine: TestJournal, client: string, number: number): Promise<Submitted> {
  const key = { principal: 'olga', key: `k-${number}`, requestHash: String(number) };
  for (let attempt = 0; attempt < 60; attempt += 1) {
    try {
      return await engine.do(client, number === 0 ? start() : input(number), { key, answer: versionOf });
    } catch (error) {
      if (!(error instanceof JourneyError) || error.code !== 'store.unavailable') throw error;
    }
  }
  throw new Error(`${client} was never answered.`);
}
