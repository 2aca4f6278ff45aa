import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, observation } from './judging.ts';

const parameters = { p95_latency_max_ms: 500, error_rate_max: 0.01 };
const judged = (value: { readonly [key: string]: number } | null) =>
  judge('PerformanceSLAValidator', parameters, value ? [observation(value)] : []);

describe('PerformanceSLAValidator', () => {
  test('S79: figures at their maxima pass', () => {
    expect(judged({ p95_ms: 500, error_rate: 0.01, requests: 100 })).toMatchObject({
      outcome: 'passed',
      measured: { p95_ms: 500, error_rate: 0.01 },
      target: { p95_latency_max_ms: 500, error_rate_max: 0.01 },
    });
  });

  test('S79: either figure above its maximum fails and is named', () => {
    const slow = judged({ p95_ms: 501, error_rate: 0, requests: 100 });
    expect(slow).toMatchObject({ outcome: 'failed', code: 'performance.above_target' });
    expect(slow.distance).toContain('p95 latency 501 ms');
    const wrong = judged({ p95_ms: 1, error_rate: 0.02, requests: 100 });
    expect(wrong.message).toContain('error rate 0.02');
  });

  test('S79: no data is unknown', () => {
    expect(judged(null)).toMatchObject({ outcome: 'unknown', code: 'evidence.none' });
  });

  test('S79: too few requests are unknown, and no traffic is not a fast service', () => {
    expect(judged({ p95_ms: 0, error_rate: 0, requests: 0 })).toMatchObject({
      outcome: 'unknown',
      code: 'performance.too_few_requests',
      distance: '100 more of 100 requests',
    });
  });

  test('S79: figures over a shorter window than asked are unknown', () => {
    const value = { p95_ms: 1, error_rate: 0, requests: 100, window_minutes: 60 };
    expect(judged(value)).toMatchObject({ outcome: 'unknown', code: 'performance.short_window' });
    expect(judged({ ...value, window_minutes: 1440 })).toMatchObject({ outcome: 'passed' });
  });

  test('faster and sounder never turns a pass into anything else', () => {
    const rate = fc.double({ min: 0, max: 0.02, noNaN: true });
    const latency = fc.double({ min: 0, max: 1000, noNaN: true });
    fc.assert(
      fc.property(
        latency,
        rate,
        fc.nat(200),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (p95_ms, error_rate, requests, by) => {
          if (judged({ p95_ms, error_rate, requests }).outcome !== 'passed') return;
          expect(judged({ p95_ms: p95_ms * by, error_rate: error_rate * by, requests }).outcome).toBe('passed');
        },
      ),
    );
  });
});
