import { expect, test } from 'vitest';
import { rateLimit } from '#application/rate-limit.ts';

test('a bucket holds ten seconds’ worth, and fills as time passes', () => {
  let now = 0;
  const { take, wait } = rateLimit(2, () => now);
  expect(Array.from({ length: 20 }, () => take('a')).every((wait_ms) => wait_ms === 0)).toBe(true);
  expect([wait('a'), take('a')]).toEqual([500, 500]);
  now = 500;
  expect([wait('a'), take('a'), wait('a')]).toEqual([0, 0, 500]);
  now = 1e9;
  expect(Array.from({ length: 21 }, () => take('a')).filter((wait_ms) => wait_ms > 0)).toHaveLength(1);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  let now = 1_000;
  const { take } = rateLimit(1, () => now);
  for (let n = 0; n < 10; n += 1) take('a');
  now = 0;
  expect(take('a')).toBe(1_000);
});

test('however many names come, the longest silent ones are forgotten', () => {
  const { take, wait } = rateLimit(1, () => 0);
  for (let n = 0; n < 10; n += 1) take('first');
  expect(wait('first')).toBeGreaterThan(0);
  for (let n = 0; n < 10_000; n += 1) take(`name-${n}`);
  expect(wait('first')).toBe(0);
});
