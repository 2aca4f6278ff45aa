import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, observation } from './judging.ts';

const parameters = { min_precision: 0.8, sample_queries: 100 };
const quality = (precision: number, sampled = 100, k = 5) => observation({ precision, k, sampled });
const judged = (...seen: ReturnType<typeof quality>[]) => judge('SearchQualityValidator', parameters, seen);

describe('SearchQualityValidator', () => {
  test('S73: the target itself passes', () => {
    expect(judged(quality(0.8))).toMatchObject({ outcome: 'passed', measured: 0.8, target: 0.8 });
  });

  test('S73: under the target fails and says how much is missing', () => {
    expect(judged(quality(0.77))).toMatchObject({
      outcome: 'failed',
      code: 'search_quality.below_target',
      measured: 0.77,
      target: 0.8,
      distance: 'precision@5 up by 0.03',
    });
  });

  test('S73: fewer samples than asked are unknown, however good the score', () => {
    expect(judged(quality(1, 99))).toMatchObject({
      outcome: 'unknown',
      code: 'search_quality.too_few',
      distance: '1 more of 100 sampled queries',
    });
  });

  test('S73: precision at another depth is unknown, not compared', () => {
    expect(judged(quality(0.99, 100, 10))).toMatchObject({ outcome: 'unknown', code: 'search_quality.other_k' });
    expect(judge('SearchQualityValidator', { ...parameters, k: 10 }, [quality(0.99, 100, 10)])).toMatchObject({
      outcome: 'passed',
    });
  });

  test('S73: no measurement is unknown and says what to measure', () => {
    expect(judged()).toMatchObject({ outcome: 'unknown', code: 'evidence.none', target: 0.8 });
    expect(judged().distance).toContain('precision@5');
  });

  test('of several observations the first, which the gate ranks best, counts', () => {
    expect(judged(quality(0.5), quality(0.9))).toMatchObject({ outcome: 'failed', measured: 0.5 });
  });

  test('a value that cannot be read is unknown', () => {
    expect(judge('SearchQualityValidator', parameters, [observation({ precision: 'good' })])).toMatchObject({
      outcome: 'unknown',
      code: 'evidence.unreadable',
    });
  });

  test('a better precision never turns a pass into anything else', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, fc.nat(300), (one, other, sampled) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        const [worse, better] = [judged(quality(low, sampled)), judged(quality(high, sampled))];
        expect([worse.outcome !== 'passed', better.outcome === 'passed']).toContain(true);
      }),
    );
  });
});
