import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JourneyDocument } from '#application/publishing/journey-document.ts';
import { publishing, type JourneyPlace } from '#application/publishing/publish-journeys.ts';
import { openBreakers } from '#application/breakers.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import { readJourneys } from '#adapters/postgres/journey-reader.ts';
import { postgresPublicationStore } from '#adapters/postgres/publication-store.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import { compilePlan } from '#settings/compile-plan.ts';
import { putJourneys } from '#test/support/collecting/rounds.ts';
import { quiet, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const document = smallDocument([{ id: 'sandbox', criteria: [searchQuality()] }, { id: 'production' }]);
const plan = compilePlan(document);
const never = new AbortController().signal;

describe('S37: journeys that others show', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let shown: Map<string, JourneyDocument>;
  let batches: number[];
  /** What happens while documents are on their way. */
  let meanwhile: () => Promise<unknown>;

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    [shown, batches, meanwhile] = [new Map(), [], () => Promise.resolve()];
  });
  afterEach(() => at.drop());

  function publisher(more: Partial<JourneyPlace> = {}) {
    const place: JourneyPlace = {
      name: 'double',
      dependency: 'double',
      rules: 'rules',
      every_ms: MINUTE,
      put: async (documents) => {
        batches.push(documents.length);
        await meanwhile();
        for (const one of documents) shown.set(one.clientId, one);
      },
      remove: (clientIds) => {
        for (const clientId of clientIds) shown.delete(clientId);
        return Promise.resolve();
      },
      ...more,
    };
    const run = publishing(place, {
      store: postgresPublicationStore(at.database),
      load: (clientIds) => readJourneys(at.database, clientIds),
      plans: { active: () => plan, get: () => plan, ensure: () => Promise.resolve() },
      breakers: openBreakers({
        store: postgresBreakerStore(at.database),
        policy: () => plan.breaker,
        clock,
        logger: quiet,
        raise: () => undefined,
      }),
      clock,
      ids: cryptoIds,
      logger: quiet,
    });
    return (): Promise<number> => run(never);
  }
  const move = (clientIds: readonly string[], change: string) =>
    at.database.query(`update journey_states set version = version + 1 ${change} where client_id = any($1)`, [
      clientIds,
    ]);

  test('are published in batches, once, and then only those whose content has changed', async () => {
    await putJourneys(at.database, document, 250, { stage: 'sandbox' });
    const publish = publisher();
    expect(await publish()).toBe(250);
    expect(batches).toEqual([100, 100, 50]);
    await clock.advance(MINUTE);
    expect(await publish()).toBe(0);
    await move(['client-7', 'client-8'], '');
    await move(['client-9'], `, current_stage = 'production'`);
    await clock.advance(MINUTE);
    // The two have moved, and look as they did.
    expect(await publish()).toBe(1);
    expect(shown.get('client-9')).toMatchObject({ stage: 'production', title: 'client-9: production' });
    expect(shown.get('client-7')?.text).toContain('- search_quality: unknown');
  });

  test('are published every interval, by one replica at a time', async () => {
    await putJourneys(at.database, document, 3, { stage: 'sandbox' });
    const [one, other] = [publisher(), publisher()];
    let tried: number | undefined;
    meanwhile = async () => (tried = await other());
    expect(await one()).toBe(3);
    expect(tried).toBe(0);
    meanwhile = () => Promise.resolve();
    await move(['client-1'], `, current_stage = 'production'`);
    await clock.advance(59 * SECOND);
    expect([await one(), await other()]).toEqual([0, 0]);
    await clock.advance(SECOND);
    expect([await other(), await one()]).toEqual([1, 0]);
  });

  test('are published anew where a replica was asleep beyond its turn, so that the newest is what stays', async () => {
    await putJourneys(at.database, document, 1, { stage: 'sandbox' });
    const [sleeper, other] = [publisher(), publisher()];
    meanwhile = async () => {
      meanwhile = () => Promise.resolve();
      // Its own deadline wakes with it: the call is on its way all the same.
      await at.database.query(`update publishers set due_at = $1`, [new Date(clock.machine()).toISOString()]);
      await move(['client-0'], `, current_stage = 'production'`);
      expect(await other()).toBe(1);
      shown.clear();
    };
    await sleeper();
    expect(shown.get('client-0')?.stage).toBe('sandbox');
    await clock.advance(MINUTE);
    expect(await other()).toBe(1);
    expect(shown.get('client-0')?.stage).toBe('production');
  });

  test('wait while the place is down, and are all there when it is back: nothing is queued up', async () => {
    await putJourneys(at.database, document, 5, { stage: 'sandbox' });
    let down = true;
    let calls = 0;
    const publish = publisher({
      put: (documents) => {
        calls += 1;
        if (down) return Promise.reject(new Error('it says 503'));
        for (const one of documents) shown.set(one.clientId, one);
        return Promise.resolve();
      },
    });
    for (let minute = 0; minute < 60; minute += 1) {
      await publish();
      await clock.advance(MINUTE);
    }
    // The breaker opens after five; from then on a probe a minute.
    expect(calls).toBeLessThanOrEqual(60);
    await move(['client-3'], `, current_stage = 'production'`);
    down = false;
    calls = 0;
    for (let minute = 0; minute < 3; minute += 1) {
      await publish();
      await clock.advance(MINUTE);
    }
    expect(calls).toBe(1);
    expect([...shown.values()].map(({ stage }) => stage)).toEqual([
      'sandbox',
      'sandbox',
      'sandbox',
      'production',
      'sandbox',
    ]);
  });

  test('are published anew where other people may see them', async () => {
    await putJourneys(at.database, document, 2, { stage: 'sandbox' });
    expect(await publisher()()).toBe(2);
    await clock.advance(MINUTE);
    expect(await publisher({ rules: 'others' })()).toBe(2);
  });
});
