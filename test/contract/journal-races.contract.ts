import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRefusal } from '#core/errors.ts';
import type { Command } from '#core/journey/commands.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventsOf, holdAdmission, openTestJournal, type TestJournal } from '#test/support/engine/journal.ts';
import { playOf, start, T0 } from '#test/support/engine/play.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';

const { plan } = playOf(
  smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality()] }, { id: 'production' }]),
);
const observe = (subject: string): Command => ({
  type: 'record_evidence',
  observations: [seen('survey_response', { score: 3 }, T0, { subject })],
});
const NUL = String.fromCodePoint(0);

/** Two replicas over one store, poison among the healthy, and keys that say what was answered before. */
export function journalRacesContract(fresh: () => Promise<FreshDatabase>): void {
  describe('two replicas on one store', () => {
    let at: FreshDatabase;
    let one: TestJournal;
    let other: TestJournal;

    beforeAll(async () => {
      at = await fresh();
      one = await openTestJournal(at.database, { plan });
      other = await openTestJournal(at.database, { plan });
      await holdAdmission(at.database, 1);
    });
    afterAll(async () => {
      await Promise.all([one, other].map(({ journal }) => journal.close()));
      await at.drop();
    });

    test('I8: racing on the same clients lose nothing and record nothing twice', async () => {
      const clients = ['r1', 'r2', 'r3', 'r4', 'r5'];
      await Promise.all(clients.map((client) => one.do(client, start())));
      // What the first of them remembers is old from here on, so that they meet for sure.
      await Promise.all(clients.map((client) => other.do(client, observe('before'))));
      const subjects = Array.from({ length: 12 }, (_, index) => `s${index}`);
      await Promise.all(
        subjects.flatMap((subject, index) =>
          clients.map((client) => (index % 2 ? one : other).do(client, observe(subject))),
        ),
      );
      for (const client of clients) {
        const rows = await at.database.query<{ subject: string }>(
          'select subject from evidence where client_id = $1 order by subject',
          [client],
        );
        expect(rows.map(({ subject }) => subject)).toEqual(['before', ...subjects].toSorted());
        const events = await eventsOf(at.database, client);
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
        expect((await one.stored(client))?.version).toBe(events.length);
      }
      const { conflicts } = one.journal.stats();
      expect(conflicts + other.journal.stats().conflicts, 'they did meet').toBeGreaterThan(0);
    });

    test('I8: both start the same clients: each starts once, and the others of the flush are not held up', async () => {
      const shared = Array.from({ length: 20 }, (_, index) => `shared-${index}`);
      const [left, right] = [shared.map((id) => `${id}-left`), shared.map((id) => `${id}-right`)];
      const answers = await Promise.all([
        ...[...shared, ...left].map((client) => one.submit(client, start())),
        ...[...shared, ...right].map((client) => other.submit(client, start())),
      ]);
      expect(answers.filter((answer) => !isRefusal(answer))).toHaveLength(60);
      const refusals = answers.filter(isRefusal);
      expect(new Set(refusals.map(({ refused }) => refused))).toEqual(new Set(['journey.exists']));
      for (const client of shared) expect(await eventsOf(at.database, client)).toHaveLength(2);
    });

    test('a no on a warm aggregate is looked at again: what another replica changed is seen', async () => {
      await one.do('stale', start());
      await other.do('stale', { type: 'complete', reason: 'elsewhere' });
      const answer = await one.do('stale', start());
      expect(answer.journey.run).toBe(2);
    });

    test('S139: the same key and request have one answer, at once and later, here and there', async () => {
      const key = { principal: 'olga', key: 'k-1', requestHash: cryptoIds.digest('start') };
      const submit = (journal: TestJournal) =>
        journal.do('keyed', start(), { key, answer: ({ journey }) => ({ version: journey.version }) });
      const answers = await Promise.all([submit(one), submit(other), submit(one), submit(other)]);
      answers.push(await submit(one), await submit(other));
      expect(answers.map(({ answer }) => answer)).toEqual(Array.from({ length: 6 }, () => ({ version: 2 })));
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(await eventsOf(at.database, 'keyed')).toHaveLength(2);
    });

    test('S139: the same key for another request is refused; of another principal or client it is another key', async () => {
      const key = { principal: 'olga', key: 'k-2', requestHash: 'a' };
      await one.do('keyed-2', start(), { key });
      for (const journal of [one, other]) {
        const again = await journal.submit(
          'keyed-2',
          { type: 'complete', reason: 'x' },
          { key: { ...key, requestHash: 'b' } },
        );
        expect(again).toMatchObject({ refused: 'idempotency.conflict' });
      }
      await one.do('keyed-3', start(), { key: { ...key, requestHash: 'c' } });
      await one.do('keyed-2', observe('x'), { key: { ...key, principal: 'otto', requestHash: 'd' } });
    });

    test('a key whose request was refused is free again', async () => {
      const key = { principal: 'olga', key: 'k-3', requestHash: 'a' };
      expect(await one.submit('later', observe('x'), { key })).toMatchObject({ refused: 'journey.unknown' });
      await one.do('later', start());
      expect((await one.do('later', observe('x'), { key })).replayed).toBe(false);
    });
  });

  describe('a recording that the store refuses', () => {
    const poisons: readonly { what: string; command: Command; actor?: string }[] = [
      { what: 'a NUL in a text column', command: { type: 'complete', reason: 'x' }, actor: `ada${NUL}` },
      { what: 'a NUL in an event', command: { type: 'complete', reason: `over${NUL}` } },
      { what: 'a NUL deep in a JSON value', command: { type: 'provide_input', inputs: { deep: [{ a: `b${NUL}` }] } } },
      { what: 'half a surrogate pair', command: { type: 'provide_input', inputs: { emoji: '\ud83d' } } },
      { what: 'a text longer than its column', command: { type: 'complete', reason: 'x' }, actor: 'x'.repeat(300) },
    ];

    test.each(poisons)(
      'stands alone: $what; twenty others in the same flush are recorded',
      async ({ command, actor }) => {
        await using at = await fresh();
        const engine = await openTestJournal(at.database, { plan, limits: { lanes: 1 } });
        await holdAdmission(at.database, 1);
        await engine.do('poisoned', start());
        const before = await engine.stored('poisoned');
        const others = Array.from({ length: 20 }, (_, index) => `healthy-${index}`);
        const more = actor === undefined ? {} : { actor };
        const [poison, ...healthy] = await Promise.allSettled([
          engine.submit('poisoned', command, more),
          ...others.map((client) => engine.do(client, start())),
        ]);
        expect(poison?.status).toBe('rejected');
        expect(healthy.map(({ status }) => status)).toEqual(others.map(() => 'fulfilled'));
        expect(await engine.stored('poisoned')).toEqual(before);
        await engine.do('poisoned', { type: 'complete', reason: 'clean' });
        await engine.journal.close();
      },
    );
  });
}
