import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quietUntil, type QuietHours } from '#core/notices/quiet-hours.ts';
import { isFor, isMailAddress, lanesOf, takes, type NoticeFacts, type Route } from '#core/notices/route.ts';
import { DAY, MINUTE } from '#core/time.ts';

const berlin: QuietHours = { from: 20 * 60, to: 7 * 60, timeZone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);
const untilIn = (quiet: QuietHours, text: string) => {
  const until = quietUntil(quiet, at(text));
  return until === null ? null : new Date(until).toISOString();
};

describe('quiet hours', () => {
  test('they pass midnight, and are those of the clock on the wall, in winter and in summer', () => {
    expect(untilIn(berlin, '2026-01-10T18:59:59Z')).toBeNull();
    expect(untilIn(berlin, '2026-01-10T19:00:00Z')).toBe('2026-01-11T06:00:00.000Z');
    expect(untilIn(berlin, '2026-01-11T05:59:59Z')).toBe('2026-01-11T06:00:00.000Z');
    expect(untilIn(berlin, '2026-01-11T06:00:00Z')).toBeNull();
    expect(untilIn(berlin, '2026-07-10T18:30:00Z')).toBe('2026-07-11T05:00:00.000Z');
  });

  test('they may lie within a day', () => {
    const lunch = { from: 12 * 60, to: 13 * 60 + 30, timeZone: 'UTC' };
    expect(untilIn(lunch, '2026-01-10T11:59:00Z')).toBeNull();
    expect(untilIn(lunch, '2026-01-10T12:00:30Z')).toBe('2026-01-10T13:30:00.000Z');
  });

  test('a night in which the clocks are changed ends when the clock on the wall says so', () => {
    expect(untilIn(berlin, '2026-03-28T20:00:00Z'), 'an hour is left out').toBe('2026-03-29T05:00:00.000Z');
    expect(untilIn(berlin, '2026-10-24T20:00:00Z'), 'an hour comes twice').toBe('2026-10-25T06:00:00.000Z');
    const ends = { from: 0, to: 2 * 60 + 30, timeZone: 'Europe/Berlin' };
    expect(untilIn(ends, '2026-03-28T23:30:00Z'), 'the very minute is left out').toBe('2026-03-29T01:00:00.000Z');
  });

  test('their end is after now, within two days, and in no quiet hours', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Auckland'];
    fc.assert(
      fc.property(
        fc.nat(1_439),
        fc.nat(1_439),
        fc.constantFrom(...zones),
        fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
        (from, to, timeZone, now) => {
          const quiet = { from, to, timeZone };
          const until = quietUntil(quiet, now);
          if (until === null) return;
          expect(until).toBeGreaterThan(now);
          expect(until - now).toBeLessThanOrEqual(2 * DAY);
          expect(quietUntil(quiet, until)).toBeNull();
          expect(quietUntil(quiet, until - MINUTE) ?? until).toBe(until);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const route = (more: Partial<Route> = {}): Route => ({
  id: 'ops',
  kinds: ['journey.promoted', 'work.failed'],
  stages: null,
  clients: null,
  email: ['ops@example.com'],
  journeyContacts: false,
  slack: [],
  urgent: ['work.failed'],
  quietHours: null,
  digest: { most: 10, window_ms: 60 * MINUTE },
  isFallback: false,
  ...more,
});
const promoted: NoticeFacts = { type: 'journey.promoted', clientId: 'acme-eu', stage: 'pilot' };

describe('a route of notices', () => {
  test('it hears of its kinds, stages and clients alone', () => {
    expect(isFor(route(), promoted)).toBe(true);
    expect(isFor(route(), { ...promoted, type: 'journey.started' })).toBe(false);
    expect(isFor(route({ stages: ['sandbox'] }), promoted)).toBe(false);
    expect(isFor(route({ stages: ['sandbox', 'pilot'] }), promoted)).toBe(true);
    expect(
      [['acme-eu'], ['acme-*'], ['acme'], ['other', 'acme*']].map((clients) => isFor(route({ clients }), promoted)),
    ).toEqual([true, true, false, true]);
  });

  test('S42: the one by default hears of what no other takes', () => {
    const others = [route({ stages: ['sandbox'] })];
    const fallback = route({ id: 'default', isFallback: true });
    expect(takes(fallback, [...others, fallback], promoted)).toBe(true);
    expect(takes(fallback, [...others, fallback], { ...promoted, stage: 'sandbox' })).toBe(false);
  });

  test('with quiet hours what is urgent goes out in an order of its own; without, all in one', () => {
    expect(lanesOf('email.ops', route())).toEqual([{ name: 'email.ops', kinds: route().kinds, quietHours: null }]);
    expect(lanesOf('email.ops', route({ quietHours: berlin }))).toEqual([
      { name: 'email.ops.urgent', kinds: ['work.failed'], quietHours: null },
      { name: 'email.ops', kinds: ['journey.promoted'], quietHours: berlin },
    ]);
    expect(lanesOf('email.ops', route({ quietHours: berlin, urgent: [] })).map(({ name }) => name)).toEqual([
      'email.ops',
    ]);
  });

  test.each([
    ['ops@example.com', true],
    ["o'neil+journeys@mail.example.co.uk", true],
    ['ops@localhost', true],
    ['ops', false],
    ['Ops <ops@example.com>', false],
    ['ops@example.com, other@example.com', false],
    ['ops@example.com\r\nBcc: victim@example.com', false],
    ['"ops"@example.com', false],
    ['ops@-example.com', false],
    ['ops@exämple.com', false],
    [`${'a'.repeat(250)}@b.example`, false],
  ])('%j can be written to: %s', (text, can) => {
    expect(isMailAddress(text)).toBe(can);
  });
});
