import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import { metricValidators, type MetricName } from '#validators/success-metrics.ts';
import { validators } from '#validators/registry.ts';
import { context, iso, now, observation } from './judging.ts';
import { DAY } from '#core/time.ts';

function judge(metric: MetricName, target: number, value?: Json) {
  const validator = metricValidators[metric];
  if (validator.kind !== 'evidence') throw new Error(`${metric} does not judge evidence.`);
  return validator.bind({ target }).judge(value === undefined ? [] : [observation(value)], context());
}

describe('S80: the success metrics', () => {
  test('are no exit criteria: S81 names seven validators, and these are not among them', () => {
    expect(Object.values(metricValidators).filter(({ name }) => validators.has(name))).toEqual([]);
  });

  test.each([
    ['user_adoption', 0.7, { rate: 0.7 }, 'passed', 0.7],
    ['user_adoption', 0.7, { rate: 0.699 }, 'failed', 0.699],
    ['user_adoption', 0.7, { active: 2, cohort: 3 }, 'failed', 0.6667],
    ['search_satisfaction', 4.5, { score: 4.5 }, 'passed', 4.5],
    ['search_satisfaction', 4.5, { score: 4.49, responses: 3 }, 'failed', 4.49],
    ['query_volume_growth', 0.2, { count: 120, previous_count: 100 }, 'passed', 0.2],
    ['query_volume_growth', 0.2, { count: 90, previous_count: 100 }, 'failed', -0.1],
    ['query_volume_growth', -0.2, { count: 90, previous_count: 100 }, 'passed', -0.1],
  ] as const)('%s with a target of %d: %j is %s', (metric, target, value, outcome, measured) => {
    expect(judge(metric, target, value)).toMatchObject({ outcome, measured, target });
  });

  test.each([
    ['user_adoption', undefined, 'evidence.none'],
    ['search_satisfaction', undefined, 'evidence.none'],
    ['query_volume_growth', undefined, 'evidence.none'],
    ['query_volume_growth', { count: 10 }, 'query_volume_growth.nothing_before'],
    ['query_volume_growth', { count: 10, previous_count: 0 }, 'query_volume_growth.nothing_before'],
    [
      'query_volume_growth',
      { count: 10, previous_count: 5, window_start: iso(now - 7 * DAY), window_end: iso(now) },
      'query_volume_growth.other_window',
    ],
  ] as const)('%s of %j is unknown: %s', (metric, value, code) => {
    expect(judge(metric, 0.2, value)).toMatchObject({ outcome: 'unknown', code, target: 0.2 });
  });
});
