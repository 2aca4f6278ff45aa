import { describe, expect, test } from 'vitest';
import { HOUR, SECOND } from '#core/time.ts';
import { collectorDouble, goodAnswer } from '#test/support/collecting/rounds.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';

const document = smallDocument([{ id: 'sandbox', criteria: [searchQuality()] }, { id: 'production' }]);

describe('collected evidence', () => {
  const engine = drivenEngine();
  const begin = (collector: ReturnType<typeof collectorDouble>) =>
    engine.begin({ settings: { document }, collectors: [collector] });
  const why = (client_id: string) => engine.engine.call('journey.explain', { client_id });
  const whyBecomes = (says: string, client = 'acme') =>
    eventually(
      async () => {
        await engine.clock.advance(SECOND);
        return (await why(client)).sentence as string;
      },
      (sentence) => sentence.includes(says),
      30_000,
    );

  test('opens the gate by itself, as the word of a collector that nobody else can give', async () => {
    const collector = collectorDouble();
    await begin(collector);
    await engine.start('acme');
    await engine.later('acme', ({ stage }) => stage === 'production');
    const { evidence } = await engine.engine.call('evidence.show', { client_id: 'acme' });
    expect(evidence).toMatchObject([
      { kind: 'search_quality', origin: 'collector:double', source: 'double', recorded_by: 'double' },
    ]);
    expect(await verify(engine.at.database)).toMatchObject({ broken: [] });
  });

  test('that could not be collected is said by why and status, with what the other side said, and holds the gate', async () => {
    const collector = collectorDouble({ name: 'glean' });
    collector.does = () => Promise.reject(new Error('Glean says 401: the token has expired'));
    await begin(collector);
    await engine.start('acme');
    const sentence = await whyBecomes('could not be collected');
    expect(sentence).toContain(
      'search_quality: There is no search_quality evidence yet; evidence could not be collected: Glean says 401: the token has expired',
    );
    expect(sentence).toContain('next: mend what glean names (it is asked again by itself), or: measure precision@5');
    const shown = await engine.engine.show('acme');
    expect(shown).toMatchObject({ stage: 'sandbox', gate: 'shut' });
    expect(shown.waiting_for).toContain('Glean says 401');
    // As soon as it is mended it goes on, and the complaint is gone.
    collector.does = (wanted) => Promise.resolve(wanted.map(goodAnswer));
    await engine.later('acme', ({ stage }) => stage === 'production', 5 * SECOND);
    expect(await engine.at.database.query('select problem from collections')).toEqual([{ problem: null }]);
  });

  test('that the other side does not know is unknown with its reason, and never passes', async () => {
    const collector = collectorDouble();
    collector.does = (wanted) =>
      Promise.resolve(
        wanted.map((one) => ({ ...goodAnswer(one), observations: [], problem: 'no golden set is known' })),
      );
    await begin(collector);
    await engine.start('acme');
    await whyBecomes('evidence could not be collected: no golden set is known');
    expect((await engine.engine.show('acme')).criteria).toMatchObject([{ outcome: 'unknown', code: 'evidence.none' }]);
  });

  test('whose value does not fit its kind is refused like any other, and why says so', async () => {
    const collector = collectorDouble();
    collector.does = (wanted) =>
      Promise.resolve(wanted.map((one) => ({ ...goodAnswer(one), observations: [{ value: { precision: 80 } }] })));
    await begin(collector);
    await engine.start('acme');
    expect(await whyBecomes('what double answered cannot be recorded')).toContain('precision');
  });

  test('that is from before the stage entry does not count, however late it is recorded', async () => {
    const collector = collectorDouble();
    collector.does = (wanted) =>
      Promise.resolve(
        wanted.map((one) => ({
          ...one,
          observations: [
            {
              ...goodAnswer(one).observations[0],
              value: { precision: 0.9, k: 5, sampled: 250 },
              observedAt: one.stageStartedAt - HOUR,
            },
          ],
        })),
      );
    await begin(collector);
    await engine.start('acme');
    await whyBecomes('from before this stage entry');
    expect((await engine.engine.show('acme')).stage).toBe('sandbox');
  });

  test('is counted by collector, kind and outcome for Prometheus', async () => {
    const collector = collectorDouble();
    await begin(collector);
    await engine.start('acme');
    await engine.later('acme', ({ stage }) => stage === 'production');
    const { text } = await engine.engine.orchestrator.metrics();
    expect(text).toContain('journey_collections_total{collector="double",kind="search_quality",outcome="observed"} 1');
    expect(text).toContain('journey_collector_call_duration_seconds_count{collector="double",outcome="answered"} 1');
  });
});
