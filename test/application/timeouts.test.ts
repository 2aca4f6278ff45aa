import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, JourneyError } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { JsonObject } from '#core/json.ts';
import { postgresConfigStore } from '#adapters/postgres/config-store.ts';
import type { Dependencies } from '#application/dependencies.ts';
import type { JournalLane, JournalStore, WriteContext } from '#application/ports.ts';
import { submit } from '#application/submit.ts';
import { olga, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventsOf, holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { verify } from '#test/support/engine/verify.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { anyEntry } from '#test/support/audit.ts';

const document = smallDocument([{ id: 'sandbox', auto: false }, { id: 'pilot', auto: false }, { id: 'production' }]);
const { plan } = playOf(document);
const promote = { type: 'promote', reason: 'go' } as const;
const rollBack = { type: 'roll_back', reason: 'bug' } as const;
const unreachable = () => new JourneyError('store.unavailable', 'The store is gone.');
const nothing = () => Promise.resolve();

type Faults = { beforeWrite: () => Promise<void>; afterWrite: () => Promise<void>; beforeOpen: () => Promise<void> };

const once = (act: () => void) => {
  let done = false;
  return () => {
    if (done) return Promise.resolve();
    done = true;
    act();
    return Promise.reject(unreachable());
  };
};

describe('what takes too long', () => {
  let at: FreshDatabase;
  let engine: TestJournal;
  let faults: Faults;
  let contexts: WriteContext[];
  let alerts: string[];

  beforeEach(async () => {
    at = await freshEmbedded();
    await holdAdmission(at.database, 1);
    faults = { beforeWrite: nothing, afterWrite: nothing, beforeOpen: nothing };
    contexts = [];
    alerts = [];
    engine = await openTestJournal(at.database, {
      plan,
      store: faulty,
      limits: { lanes: 1, queue: 3 },
      raise: (alert) => void alerts.push(alert),
    });
    await engine.do('acme', start());
  });
  afterEach(async () => {
    Object.assign(faults, { beforeWrite: nothing, afterWrite: nothing, beforeOpen: nothing });
    await engine.journal.close();
    await at.drop();
  });

  const faulty = (store: JournalStore): JournalStore => ({
    openLane: async () => {
      await faults.beforeOpen();
      const lane: JournalLane = await store.openLane();
      return {
        ...lane,
        write: async (batch, context) => {
          contexts.push(context);
          await faults.beforeWrite();
          const outcome = await lane.write(batch, context);
          await faults.afterWrite();
          return outcome;
        },
      };
    },
  });
  const passes = (seconds: number) => (engine.world.now += seconds * SECOND);
  const types = async () => (await eventsOf(at.database, 'acme')).map(({ type }) => type);
  const transitions = () =>
    at.database.query(
      'select kind, result, from_stage, to_stage from stage_transitions where client_id = $1 order by seq',
      ['acme'],
    );
  /** The store is away until told otherwise; every look at it takes five seconds. */
  const away = () => {
    faults.beforeOpen = () => {
      passes(5);
      return Promise.reject(unreachable());
    };
  };

  /** Another client's flush holds the lane up until it is released. */
  async function congested(): Promise<() => Promise<unknown>> {
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    faults.beforeWrite = () => {
      reached.resolve();
      return released.promise;
    };
    const other = engine.do('other', start());
    await reached.promise;
    return () => {
      faults.beforeWrite = nothing;
      released.resolve();
      return other;
    };
  }

  describe('S3: a transition', () => {
    test('that waits in a congested lane is given up: event, alert, and the journey stays where it was', async () => {
      const release = await congested();
      const call = { principal: olga, door: 'rest', requestId: 'r-1' } as const;
      const asked = submit({ journal: engine.journal } as Dependencies, call, 'acme', promote);
      passes(301);
      await release();
      expect(await asked, 'who asked is told that it did not happen').toMatchObject({
        refused: 'stage.transition_timed_out',
        details: { waited_seconds: 301, budget_seconds: 300 },
      });
      expect(await engine.stored('acme')).toMatchObject({ stage: 'sandbox', stageEntry: 1 });
      expect((await types()).at(-1)).toBe('stage_transition_timed_out');
      expect(await transitions()).toMatchObject([
        { kind: 'start', result: 'success' },
        { kind: 'promotion', result: 'timeout', from_stage: 'sandbox', to_stage: 'pilot' },
      ]);
      expect(alerts).toEqual(['stage_transition_timed_out']);
      expect((await engine.do('acme', promote)).journey.stage).toBe('pilot');
      const configs = postgresConfigStore(at.database);
      const by = { activated_by: 'olga', door: 'rest', process: 'test', activated_at: 0 };
      await configs.keep(plan.hash, 'test', document as unknown as JsonObject, 0);
      await configs.activate({ hash: plan.hash, ...by }, anyEntry());
      expect(await verify(at.database)).toMatchObject({ broken: [] });
      expect(alerts).toHaveLength(1);
    });

    test('is not answered as done under its key when it was given up: the same key tries again', async () => {
      const key = { principal: 'olga', key: 'k', requestHash: 'promote' };
      faults.beforeWrite = once(() => void passes(301));
      const first = await engine.do('acme', promote, { key, answer: ({ journey }) => journey.stage });
      expect(first.answer).toBe('sandbox');
      const again = await engine.do('acme', promote, { key, answer: ({ journey }) => journey.stage });
      expect(again).toMatchObject({ answer: 'pilot', replayed: false });
    });

    test('whose statement is not answered is not written again once it is late', async () => {
      faults.beforeWrite = once(() => void passes(301));
      const { events } = await engine.do('acme', promote);
      expect(events.map(({ type }) => type)).toEqual(['stage_transition_timed_out']);
      expect(await engine.stored('acme')).toMatchObject({ stage: 'sandbox', stageEntry: 1 });
      expect(alerts).toEqual(['stage_transition_timed_out']);
    });

    test('that had been committed all the same is found, and is not undone', async () => {
      faults.afterWrite = once(() => void passes(301));
      const { events, journey } = await engine.do('acme', promote);
      expect(events.map(({ type }) => type)).toEqual(['stage_entered']);
      expect(journey.stage).toBe('pilot');
      expect(await engine.stored('acme')).toEqual(journey);
      expect(await types()).not.toContain('stage_transition_timed_out');
    });

    test('has its statement waited for no longer than it has time left', async () => {
      const release = await congested();
      const asked = engine.do('acme', promote);
      passes(100);
      await Promise.all([release(), asked]);
      expect(contexts.map(({ within_ms }) => within_ms)).toEqual([undefined, undefined, 200 * SECOND + 1]);
    });
  });

  describe('S52: a rollback', () => {
    beforeEach(async () => {
      await engine.do('acme', promote);
    });

    test('goes on being tried while the store is away; the breach is told meanwhile, and recorded with it', async () => {
      away();
      faults.beforeWrite = () => Promise.reject(unreachable());
      const answer = engine.do('acme', rollBack);
      const begun = engine.world.now;
      // A turn of the event loop at a time, until the budget is long over.
      while (engine.world.now < begun + 700 * SECOND) await new Promise(setImmediate);
      expect(alerts, 'told while nothing can be recorded').toEqual(['rollback_initiation_timed_out']);
      Object.assign(faults, { beforeWrite: nothing, beforeOpen: nothing });
      const { events, journey } = await answer;
      expect(events.slice(0, 2).map(({ type }) => type)).toEqual([
        'rollback_initiation_timed_out',
        'journey_rolled_back',
      ]);
      expect(journey).toMatchObject({ stage: 'sandbox', stageEntry: 3 });
      expect(alerts).toHaveLength(1);
    });

    test('that was recorded before the store went away is found again, and happens once', async () => {
      away();
      faults.afterWrite = once(() => undefined);
      const answer = engine.do('acme', rollBack, { answer: ({ journey }) => journey.stage });
      const begun = engine.world.now;
      while (engine.world.now < begun + 60 * SECOND) await new Promise(setImmediate);
      faults.beforeOpen = nothing;
      expect(await answer).toMatchObject({ replayed: true, answer: 'sandbox' });
      expect((await types()).filter((type) => type === 'journey_rolled_back')).toHaveLength(1);
      expect(alerts).toEqual([]);
    });

    test('in time is told to nobody', async () => {
      await engine.do('acme', rollBack);
      expect(await types()).not.toContain('rollback_initiation_timed_out');
      expect(alerts).toEqual([]);
    });

    test('is taken also where the queue is full', async () => {
      const release = await congested();
      const others = ['a', 'b', 'c', 'd'].map((client) => engine.submit(client, start()));
      const asked = engine.submit('acme', rollBack);
      await release();
      expect((await Promise.all(others)).filter(isRefusal)).toMatchObject([{ refused: 'orchestrator.overloaded' }]);
      expect(isRefusal(await asked)).toBe(false);
    });

    test('that can still not be recorded when the process stops is told so', async () => {
      away();
      faults.beforeWrite = () => Promise.reject(unreachable());
      const answer = engine.do('acme', rollBack);
      const told = answer.then(
        () => 'recorded',
        (error: unknown) => (error instanceof JourneyError ? error.code : String(error)),
      );
      const begun = engine.world.now;
      while (engine.world.now < begun + 60 * SECOND) await new Promise(setImmediate);
      await engine.journal.close().catch(() => undefined);
      expect(await told).toBe('store.unavailable');
      Object.assign(faults, { beforeWrite: nothing, beforeOpen: nothing });
    });
  });
});
