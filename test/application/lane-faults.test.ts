import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, JourneyError } from '#core/errors.ts';
import type { Admission } from '#application/admission.ts';
import type { JournalLane, JournalStore } from '#application/ports.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import {
  eventsOf,
  holdAdmission,
  openTestJournal,
  type TestJournal,
  type TestJournalOptions,
} from '#test/support/engine/journal.ts';
import { playOf, start } from '#test/support/engine/play.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const { plan } = playOf(
  smallDocument([
    { id: 'sandbox', tasks: [{ id: 'one' }] },
    { id: 'pilot', tasks: [{ id: 'two' }] },
    { id: 'production' },
  ]),
);
const key = { principal: 'olga', key: 'k', requestHash: 'start' };
const unreachable = () => new JourneyError('store.unavailable', 'The store is gone.');

/** A real store whose lanes the test can hold up or break; what it does not break is the real thing. */
type Faults = {
  beforeWrite: () => Promise<void>;
  afterWrite: () => Promise<void>;
  beforeLoad: () => Promise<void>;
  beforeOpen: () => Promise<void>;
};
const nothing = () => Promise.resolve();
/** Fails once, then no more. */
const once = (error: () => Error) => {
  let done = false;
  return () => {
    if (done) return Promise.resolve();
    done = true;
    return Promise.reject(error());
  };
};
const unanswerable = () => {
  throw new Error('no view');
};

function faulty(store: JournalStore, faults: Faults): JournalStore {
  const wrapped = (lane: JournalLane): JournalLane => ({
    ...lane,
    load: async (clients) => {
      await faults.beforeLoad();
      return lane.load(clients);
    },
    write: async (batch, context) => {
      await faults.beforeWrite();
      const outcome = await lane.write(batch, context);
      await faults.afterWrite();
      return outcome;
    },
  });
  return {
    openLane: async () => {
      await faults.beforeOpen();
      return wrapped(await store.openLane());
    },
  };
}

describe('the journal on a store with faults', () => {
  let at: FreshDatabase;
  let faults: Faults;
  const engines: TestJournal[] = [];

  beforeEach(async () => {
    at = await freshEmbedded();
    await holdAdmission(at.database, 1);
    faults = { beforeWrite: nothing, afterWrite: nothing, beforeLoad: nothing, beforeOpen: nothing };
  });
  afterEach(async () => {
    faults = Object.assign(faults, {
      beforeWrite: nothing,
      afterWrite: nothing,
      beforeLoad: nothing,
      beforeOpen: nothing,
    });
    await Promise.all(engines.splice(0).map(({ journal }) => journal.close()));
    await at.drop();
  });

  async function open(more: Partial<TestJournalOptions> = {}): Promise<TestJournal> {
    const engine = await openTestJournal(at.database, {
      plan,
      store: (store) => faulty(store, faults),
      limits: { lanes: 1 },
      ...more,
    });
    engines.push(engine);
    return engine;
  }
  test('I8: the second of two requests under one key, in one flush, is not answered before the commit', async () => {
    const engine = await open();
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    faults.beforeWrite = () => {
      reached.resolve();
      return released.promise;
    };
    const answered: string[] = [];
    const submit = (name: string) =>
      engine.do('acme', start(), { key, answer: () => 'begun' }).then((answer) => {
        answered.push(name);
        return answer;
      });
    const both = Promise.all([submit('first'), submit('second')]);
    await reached.promise;
    await new Promise(setImmediate);
    expect(answered, 'nothing is recorded yet').toEqual([]);
    released.resolve();
    const [first, second] = await both;
    expect([first.answer, second.answer, second.replayed]).toEqual(['begun', 'begun', true]);
  });

  test('I8: a refusal that rests on what the same flush could not record is decided again', async () => {
    const [engine, other] = [await open(), await open()];
    await engine.do('acme', start());
    engine.world.now += 1;
    // Both load afresh; while this flush is being written, the other replica moves the journey.
    await engine.do('acme', { type: 'provide_input', inputs: { a: 1 } });
    let moved = false;
    faults.beforeWrite = async () => {
      if (moved) return;
      moved = true;
      await other.do('acme', { type: 'provide_input', inputs: { b: 1 } });
    };
    const [completed, evaluated] = await Promise.all([
      engine.submit('acme', { type: 'complete', reason: 'over' }, { fresh: true }),
      engine.submit('acme', start(), { fresh: true }),
    ]);
    expect(isRefusal(completed)).toBe(false);
    expect(isRefusal(evaluated)).toBe(false);
    expect(await engine.stored('acme')).toMatchObject({ run: 2 });
  });

  test('a store that is away longer than anybody waits: callers are told, the process lives, and it goes on afterwards', async () => {
    const engine = await open();
    await engine.do('acme', start());
    faults.beforeWrite = once(unreachable);
    let tries = 0;
    faults.beforeOpen = () => {
      tries += 1;
      engine.world.now += 5_000;
      return Promise.reject(unreachable());
    };
    await expect(engine.submit('acme', { type: 'complete', reason: 'x' })).rejects.toMatchObject({
      code: 'store.unavailable',
    });
    expect(tries).toBeGreaterThan(1);
    faults.beforeOpen = nothing;
    const again = await engine.do('acme', { type: 'complete', reason: 'x' });
    expect(again.journey.status).toBe('completed');
  });

  test('a connection that breaks while journeys are loaded costs nobody a failure: nothing was written yet', async () => {
    const engine = await open();
    await engine.do('acme', start());
    faults.beforeLoad = once(unreachable);
    const answer = await engine.do('acme', { type: 'complete', reason: 'x' }, { fresh: true });
    expect(answer.journey.status).toBe('completed');
  });

  test('I8: a lost answer after the commit: the request is found among the events and acknowledged once', async () => {
    const engine = await open();
    faults.afterWrite = once(unreachable);
    const answer = await engine.do('acme', start(), { key, answer: ({ journey }) => journey.version });
    expect(answer).toMatchObject({ answer: 2, replayed: false });
    expect(await eventsOf(at.database, 'acme')).toHaveLength(2);
    expect((await engine.do('acme', start(), { key })).answer).toBe(2);
  });

  test('I8: a lost statement before the commit is written again', async () => {
    const engine = await open();
    faults.beforeWrite = once(unreachable);
    await engine.do('acme', start());
    expect(await eventsOf(at.database, 'acme')).toHaveLength(2);
    expect(engine.journal.stats().ambiguous).toBe(1);
  });

  test('I10: places that were spoken for in a flush of unknown outcome are given back', async () => {
    const places = countingAdmission();
    const engine = await open({ admission: places.admission });
    faults.beforeWrite = () => Promise.reject(unreachable());
    await Promise.allSettled(['a', 'b', 'c'].map((client) => engine.submit(client, start())));
    expect(places.spokenFor()).toBe(0);
    faults.beforeWrite = nothing;
    await engine.do('d', start());
    expect(places.spokenFor()).toBe(0);
  });

  test('an answer that cannot be made leaves nothing recorded', async () => {
    const engine = await open();
    await expect(engine.submit('acme', start(), { answer: unanswerable })).rejects.toThrow('no view');
    expect(await eventsOf(at.database, 'acme')).toEqual([]);
    await engine.do('acme', start());
  });

  test('a caller beyond the queue is told to come back', async () => {
    const engine = await open({ limits: { lanes: 1, queue: 2 } });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((client) => engine.submit(client, start())));
    expect(answers.filter(isRefusal).map(({ refused }) => refused)).toEqual([
      'orchestrator.overloaded',
      'orchestrator.overloaded',
    ]);
  });
});

function countingAdmission() {
  let spoken = 0;
  const admission: Admission = {
    mayAdmit: () => true,
    taken: () => void (spoken += 1),
    recorded: () => void (spoken -= 1),
    returned: () => void (spoken -= 1),
    lost: () => undefined,
    look: () => Promise.resolve([]),
  };
  return { admission, spokenFor: () => spoken };
}
