import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR } from '#core/time.ts';
import { validators } from '#validators/registry.ts';
import { judge, now, observation } from './judging.ts';

const parameters = { min_score: 4, min_responses: 3 };
const answers = (...scores: number[]) =>
  scores.map((score, index) => observation({ score }, { subject: `user-${index}` }));
const judged = (seen: ReturnType<typeof answers>, more = {}) =>
  judge('UserSatisfactionValidator', { ...parameters, ...more }, seen);

describe('UserSatisfactionValidator', () => {
  test('S77: a mean at the least score passes', () => {
    expect(judged(answers(3, 4, 5))).toMatchObject({ outcome: 'passed', measured: 4, target: 4 });
  });

  test('S77: a mean under it fails and says by how much', () => {
    expect(judged(answers(3, 4, 4))).toMatchObject({
      outcome: 'failed',
      code: 'user_satisfaction.below_target',
      measured: 3.67,
      distance: 'the mean up by 0.34',
    });
  });

  test('S77: too few responses are unknown, however good', () => {
    expect(judged(answers(5, 5))).toMatchObject({
      outcome: 'unknown',
      code: 'survey.too_few',
      distance: '1 more of 3 responses',
    });
    expect(judged([])).toMatchObject({ outcome: 'unknown', code: 'evidence.none' });
  });

  test('S77: whoever answers twice counts once, with the latest answer', () => {
    const twice = [...answers(1, 5, 5), observation({ score: 5 }, { subject: 'user-0', observedAt: now - HOUR / 2 })];
    expect(judged(twice)).toMatchObject({ outcome: 'passed', measured: 5 });
    const same = [5, 5, 5].map((score) => observation({ score }, { subject: 'one' }));
    expect(judged(same)).toMatchObject({ outcome: 'unknown', code: 'survey.too_few' });
  });

  test('S77: a score outside the scale is unknown and names the respondent', () => {
    const verdict = judged(answers(5, 5, 5, 9));
    expect(verdict).toMatchObject({ outcome: 'unknown', code: 'survey.off_scale' });
    expect(verdict.message).toContain('user-3 (9)');
    expect(judged(answers(8, 9, 10), { scale_max: 10, min_score: 8 })).toMatchObject({ outcome: 'passed' });
  });

  test('S77: a least score that the scale cannot reach is refused as a parameter', () => {
    const schema = validators.get('UserSatisfactionValidator')?.parameters;
    expect(schema?.safeParse({ min_score: 6, min_responses: 1 }).success).toBe(false);
  });

  test('a better answer never turns a pass into anything else', () => {
    const score = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 8 }), fc.nat(7), (scores, at) => {
        if (judged(answers(...scores)).outcome !== 'passed') return;
        const better = scores.map((each, index) => (index === at ? 5 : each));
        expect(judged(answers(...better)).outcome).toBe('passed');
      }),
    );
  });
});
