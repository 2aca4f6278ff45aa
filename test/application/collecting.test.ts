import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { collectorDouble, goodAnswer, putJourneys, roundsOn, type Rounds } from '#test/support/collecting/rounds.ts';
import { searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const document = smallDocument([
  { id: 'sandbox', criteria: [searchQuality()] },
  { id: 'pilot', criteria: [searchQuality(0.9, { check_id: 'by_hand', accepted_sources: ['operator'] })] },
  { id: 'production' },
]);

describe('what collectors are asked for', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
  });
  afterEach(() => at.drop());

  const put = (count: number, more: { stage?: string; status?: string; prefix?: string } = {}) =>
    putJourneys(at.database, document, count, { stage: 'sandbox', ...more });
  const rounds = (collector: Parameters<typeof roundsOn>[3]): Rounds =>
    roundsOn(at.database, document, clock, collector);

  test('only journeys that are active in a stage where a criterion accepts its word', async () => {
    await put(2);
    await put(2, { status: 'paused', prefix: 'paused' });
    await put(2, { status: 'queued', prefix: 'queued' });
    await put(2, { status: 'completed', prefix: 'completed' });
    await put(2, { stage: 'pilot', prefix: 'operator-only' });
    await put(2, { stage: 'production', prefix: 'no-criterion' });
    const collector = collectorDouble();
    expect(await rounds(collector).look()).toBe(2);
    expect(
      collector.calls
        .flat()
        .map(({ clientId }) => clientId)
        .toSorted(),
    ).toEqual(['client-0', 'client-1']);
    expect(collector.calls[0]?.[0]).toMatchObject({
      kind: 'search_quality',
      stage: 'sandbox',
      criteria: [{ checkId: 'search_quality', parameters: { min_precision: 0.8, sample_queries: 100, k: 5 } }],
    });
  });

  test('nobody, for kinds that nobody judges', async () => {
    await put(2);
    const collector = collectorDouble({ brings: [{ kind: 'performance', refresh_ms: MINUTE }] });
    expect(await rounds(collector).look()).toBe(0);
  });

  test('10,000 journeys take 20 calls where a call serves 500, and none until their evidence is due again', async () => {
    await put(10_000);
    const collector = collectorDouble({ clientsPerCall: 500, brings: [{ kind: 'search_quality', refresh_ms: HOUR }] });
    const { look, recorded } = rounds(collector);
    expect(await look()).toBe(20);
    expect(new Set(recorded).size).toBe(10_000);
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(MINUTE);
      expect(await look()).toBe(0);
    }
    // They are spread over a tenth of the interval, so that they do not come back all at once.
    await clock.advance(51 * MINUTE);
    const share = await look();
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(20);
  }, 120_000);

  test('10,000 journeys take as many calls a minute as are allowed, and not one more', async () => {
    await put(10_000);
    const collector = collectorDouble({ callsPerMinute: 30 });
    const { look } = rounds(collector);
    for (let minute = 1; minute <= 2; minute += 1) {
      for (let second = 0; second < 60; second += 20) {
        await look();
        await clock.advance(20 * SECOND);
      }
      expect(collector.calls.length).toBe(30 * minute);
    }
    // Who has waited the longest comes first: nobody was asked for twice while others had not been.
    expect(new Set(collector.calls.flat().map(({ clientId }) => clientId)).size).toBe(60);
  }, 120_000);

  test('never more calls are under way than are allowed', async () => {
    await put(12);
    let underWay = 0;
    let most = 0;
    const collector = collectorDouble({ concurrency: 3 });
    collector.does = async (wanted) => {
      most = Math.max(most, (underWay += 1));
      await new Promise(setImmediate);
      underWay -= 1;
      return wanted.map(goodAnswer);
    };
    expect(await rounds(collector).look()).toBe(12);
    expect(most).toBe(3);
  });

  test('a stage that is entered anew is due at once', async () => {
    await put(1);
    const collector = collectorDouble();
    const { look } = rounds(collector);
    expect([await look(), await look()]).toEqual([1, 0]);
    await at.database.query('update journey_states set stage_entry = 2');
    expect([await look(), await look()]).toEqual([1, 0]);
  });

  test('a call that takes too long is given up, and tried again later each time', async () => {
    await put(1);
    const collector = collectorDouble();
    collector.does = () => new Promise(() => undefined);
    const { look, store } = rounds(collector);
    const gaps: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const round = look();
      while (collector.calls.length < attempt || clock.sleepers() === 0) await new Promise(setImmediate);
      await clock.advance(10 * SECOND);
      expect(await round).toBe(1);
      const failedAt = clock.machine();
      while (await isWaiting(at, clock)) await clock.advance(SECOND);
      gaps.push(clock.machine() - failedAt);
    }
    expect(await store.uncollected('client-0')).toMatchObject([
      { collector: 'double', kind: 'search_quality', problem: 'there was no answer within 10 s' },
    ]);
    expect(gaps).toEqual(gaps.toSorted((one, other) => one - other));
    expect(new Set(gaps).size).toBe(4);
  });

  test('S57: a system that is down gets no calls but probes, from any replica', async () => {
    await put(50);
    const collector = collectorDouble({ concurrency: 1 });
    collector.does = () => Promise.reject(new Error('Double says 503'));
    const [one, other] = [rounds(collector), rounds(collector)];
    await one.look();
    // Five failures in a row open it; the other replica learns of it by its next refresh.
    expect(collector.calls.length).toBe(5);
    await other.breakers.refresh();
    expect(await other.look()).toBe(0);
    expect(other.breakers.view().get('dependency:double')).toMatchObject({ status: 'open' });
    await clock.advance(MINUTE);
    expect(await other.look()).toBe(1);
    expect(await other.look()).toBe(0);
    collector.does = (wanted) => Promise.resolve(wanted.map(goodAnswer));
    await clock.advance(MINUTE);
    await one.breakers.refresh();
    for (let probe = 1; probe <= 3; probe += 1) expect(await one.look()).toBe(1);
    // It is back: the rest is asked for without waiting.
    expect(await one.look()).toBeGreaterThan(30);
  });

  test('a stop breaks calls off and hands back what was claimed', async () => {
    await put(1);
    const collector = collectorDouble();
    collector.does = (_wanted, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const stopping = new AbortController();
    const { look, store, breakers } = rounds(collector);
    const round = look(stopping.signal);
    while (collector.calls.length === 0) await new Promise(setImmediate);
    stopping.abort();
    await round;
    expect(await store.uncollected('client-0')).toEqual([]);
    expect(breakers.view().size).toBe(0);
    collector.does = (wanted) => Promise.resolve(wanted.map(goodAnswer));
    expect(await look()).toBe(1);
  });

  test('an answer that says nothing of somebody is not known, and not taken for good', async () => {
    await put(3);
    const collector = collectorDouble({ clientsPerCall: 10 });
    collector.does = (wanted) => Promise.resolve(wanted.slice(0, 1).map(goodAnswer));
    const { look, store } = rounds(collector);
    expect(await look()).toBe(1);
    expect(await store.uncollected('client-0')).toEqual([]);
    expect(await store.uncollected('client-1')).toMatchObject([{ problem: 'the answer says nothing of it' }]);
  });
});

/** Whether the one collection there is is not due yet. */
async function isWaiting({ database }: FreshDatabase, clock: VirtualClock): Promise<boolean> {
  const [row] = await database.query<{ due_at: number }>('select due_at from collections');
  return row !== undefined && row.due_at > clock.machine();
}
