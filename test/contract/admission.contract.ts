import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { admissionOf, type Admission } from '#application/admission.ts';
import type { Plans } from '#application/ports.ts';
import { postgresAdmissionStore } from '#adapters/postgres/admission-store.ts';
import { postgresJourneyReader } from '#adapters/postgres/journey-reader.ts';
import { postgresProcessStore } from '#adapters/postgres/process-store.ts';
import { quiet, smallDocument } from '#test/support/engine/fixtures.ts';
import { noSleep, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

const CAP = 3;
const { plan } = playOf(
  smallDocument(
    [{ id: 'sandbox', tasks: [{ id: 'one' }] }, { id: 'pilot', tasks: [{ id: 'two' }] }, { id: 'production' }],
    { max_concurrent_journeys: CAP },
  ),
);
const LEASE_MS = 60_000;

type Replica = TestJournal & { readonly admission: Admission; readonly admit: () => Promise<readonly string[]> };

/** The cap over all replicas: one holder at a time, first come first served, and a stale holder admits nobody. */
export function admissionContract(fresh: () => Promise<FreshDatabase>): void {
  describe('I10: the cap on concurrent journeys', () => {
    let at: FreshDatabase;
    const replicas: Replica[] = [];

    beforeEach(async () => {
      at = await fresh();
    });
    afterEach(async () => {
      await Promise.all(replicas.map(({ journal }) => journal.close()));
      replicas.length = 0;
      await at.drop();
    });

    async function replica(): Promise<Replica> {
      const processes = postgresProcessStore(at.database);
      const epoch = await processes.register('replica', T0, T0 + LEASE_MS);
      const plans: Plans = { active: () => plan, get: () => plan, ensure: () => Promise.resolve() };
      const clock = {
        journey: () => engine.world.now,
        machine: () => engine.world.now,
        sleep: noSleep,
      };
      const admission = admissionOf(postgresAdmissionStore(at.database), plans, clock, quiet, { epoch: () => epoch });
      const engine = await openTestJournal(at.database, { plan, admission, clock });
      engine.world.epoch = epoch;
      const admit = async () => {
        const waiting = await admission.look();
        await Promise.all(waiting.map((client) => engine.submit(client, { type: 'admit' })));
        return waiting;
      };
      const made = { ...engine, admission, admit };
      replicas.push(made);
      return made;
    }

    const statuses = async (): Promise<string> =>
      (
        await at.database.query<{ client_id: string; status: string }>(
          `select client_id, status from journey_states where status <> 'completed' order by started_at, client_id`,
        )
      )
        .map(({ client_id, status }) => `${client_id} ${status}`)
        .join(', ');

    async function startAll(engine: Replica, clients: readonly string[]): Promise<void> {
      for (const client of clients) {
        engine.world.now += 1;
        await engine.do(client, start());
      }
    }

    test('S2: starts beyond it are queued with their positions, and leave the queue in their order', async () => {
      const engine = await replica();
      await engine.admit();
      await startAll(engine, ['a', 'b', 'c', 'd', 'e', 'f']);
      expect(await statuses()).toBe('a active, b active, c active, d queued, e queued, f queued');
      const reader = postgresJourneyReader(at.database);
      const positions = ['d', 'e', 'f'].map(async (client) => {
        const journey = await reader.journey(client);
        return journey && reader.queuePosition(journey);
      });
      expect(await Promise.all(positions)).toEqual([1, 2, 3]);
      expect(await engine.admit(), 'no place is free').toEqual([]);

      await engine.do('b', { type: 'complete', reason: 'over' });
      await engine.do('e', { type: 'complete', reason: 'never mind' });
      expect(await engine.admit()).toEqual(['d']);
      await startAll(engine, ['g']);
      expect(await statuses()).toBe('a active, c active, d active, f queued, g queued');
    });

    test('many starts at once, in many flushes, never exceed it', async () => {
      const engine = await replica();
      await engine.admit();
      await Promise.all(Array.from({ length: 40 }, (_, index) => engine.do(`many-${index}`, start())));
      const active = (await statuses()).split(', ').filter((one) => one.endsWith('active'));
      expect(active).toHaveLength(CAP);
      await Promise.all([engine.admit(), engine.admit(), engine.admit()]);
      expect((await statuses()).split(', ').filter((one) => one.endsWith('active'))).toHaveLength(CAP);
    });

    test('only its holder admits; another replica queues, and the holder lets in what it queued', async () => {
      const [holder, other] = [await replica(), await replica()];
      await holder.admit();
      expect(await other.admit()).toEqual([]);
      await startAll(other, ['queued-there']);
      expect(await statuses()).toBe('queued-there queued');
      expect(await holder.admit()).toEqual(['queued-there']);
      expect(await statuses()).toBe('queued-there active');
    });

    test('I13: a process that has lost it without knowing admits nobody: its starts are queued', async () => {
      const [stale, next] = [await replica(), await replica()];
      await stale.admit();
      await postgresProcessStore(at.database).renew(next.world.epoch, T0, T0 + 10 * LEASE_MS);
      next.world.now = T0 + LEASE_MS + 1;
      await next.admit();
      expect(stale.admission.mayAdmit(true), 'it still believes so').toBe(true);
      await startAll(stale, ['late']);
      expect(await statuses()).toBe('late queued');
      expect(stale.admission.mayAdmit(true)).toBe(false);
      expect(await next.admit()).toEqual(['late']);
    });

    test('S2: the last stage gives its place back, a rollback takes one even where none is free', async () => {
      const engine = await replica();
      await engine.admit();
      await startAll(engine, ['a', 'b', 'c', 'd']);
      for (const [entry, stage, taskId] of [
        [1, 'sandbox', 'one'],
        [2, 'pilot', 'two'],
      ] as const)
        await engine.do('a', {
          type: 'task_result',
          workId: `uow-a:${entry}:${stage}_work`,
          taskId,
          fence: { generation: 1, attempt: 1 },
          owner: engine.world.epoch,
          outcome: { type: 'succeeded', output: {} },
        });
      expect(await engine.admit()).toEqual(['d']);
      await engine.do('a', { type: 'roll_back', reason: 'outage' });
      expect(await statuses()).toBe('a active, b active, c active, d active');
      await startAll(engine, ['e']);
      await engine.do('b', { type: 'complete', reason: 'over' });
      expect(await engine.admit(), 'three are in stages with an exit still').toEqual([]);
      await engine.do('c', { type: 'complete', reason: 'over' });
      expect(await engine.admit()).toEqual(['e']);
    });
  });
}
