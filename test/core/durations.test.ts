import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantAfter, weekdays_ms } from '#core/calendar.ts';
import { durationOf } from '#core/journey/durations.ts';
import { waitsFrom, type Waits } from '#core/journey/time-split.ts';
import { nextChange } from '#core/journey/next-look.ts';
import { stageOf } from '#core/plan.ts';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import { goodSearch, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { playOf, start, type Play } from '#test/support/engine/play.ts';

const FRIDAY_NOON = Date.UTC(2026, 1, 6, 12);
const MONDAY = Date.UTC(2026, 1, 9);

const inStage = (days: number | undefined, calendar?: 'business'): Play => {
  const play = playOf(
    smallDocument([
      {
        id: 'sandbox',
        criteria: [searchQuality()],
        ...(days === undefined ? {} : { days }),
        ...(calendar ? { calendar } : {}),
      },
      { id: 'production' },
    ]),
  );
  play.do(start());
  return play;
};
const said = (play: Play) =>
  play.log.flatMap(({ event }) => (event.type.startsWith('stage_duration') ? [event.type] : []));

describe('S70: how long a stage takes', () => {
  test('at risk from 80 % of the target and breached from 100 %, each recorded once', () => {
    const play = inStage(10);
    play.pass(8 * DAY - 1);
    play.do({ type: 'evaluate' });
    expect(said(play)).toEqual([]);
    play.pass(1);
    expect(play.do({ type: 'evaluate' })[0]).toEqual({
      type: 'stage_duration_at_risk',
      stage: 'sandbox',
      entry: 1,
      target_days: 10,
      age_days: 8,
      calendar: 'calendar',
    });
    play.pass(2 * DAY - 1);
    play.do({ type: 'evaluate' });
    expect(play.journey().duration).toBe('at_risk');
    play.pass(1);
    play.do({ type: 'evaluate' });
    play.pass(30 * DAY);
    play.do({ type: 'evaluate' });
    expect(said(play)).toEqual(['stage_duration_at_risk', 'stage_duration_breached']);
    expect(play.journey().duration).toBe('breached');
  });

  test('whoever looked away for long records both, in their order', () => {
    const play = inStage(1);
    play.pass(5 * DAY);
    expect(play.do({ type: 'evaluate' }).slice(0, 2)).toMatchObject([
      { type: 'stage_duration_at_risk' },
      { type: 'stage_duration_breached' },
    ]);
  });

  test('anew in every stage entry', () => {
    const document = smallDocument([
      { id: 'sandbox', criteria: [searchQuality()] },
      { id: 'pilot', criteria: [searchQuality()], days: 1 },
      { id: 'production' },
    ]);
    const play = playOf(document);
    play.do(start());
    const good = () =>
      play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    good();
    play.pass(2 * DAY);
    play.do({ type: 'evaluate' });
    play.do({ type: 'roll_back', reason: 'again' });
    play.pass(1);
    good();
    expect(play.journey()).toMatchObject({ stage: 'pilot', stageEntry: 4, duration: 'on_track' });
    play.pass(DAY);
    play.do({ type: 'evaluate' });
    expect(said(play)).toHaveLength(4);
  });

  test('never, where a stage has no target', () => {
    const play = inStage(undefined);
    play.pass(1_000 * DAY);
    play.do({ type: 'evaluate' });
    expect(said(play)).toEqual([]);
    expect(durationOf({ durationTarget_ms: null, calendar: 'calendar' }, play.journey(), play.now())).toMatchObject({
      signal: null,
      changesAt: null,
    });
  });

  test('the breach is recorded with the promotion that comes late, before it', () => {
    const play = inStage(1);
    play.pass(2 * DAY);
    const events = play.do({
      type: 'record_evidence',
      observations: [seen('search_quality', goodSearch, play.now())],
    });
    expect(events.map(({ type }) => type)).toEqual([
      'evidence_recorded',
      'stage_duration_at_risk',
      'stage_duration_breached',
      'stage_entered',
    ]);
  });

  test('in business days Saturdays and Sundays do not count', () => {
    const play = inStage(10, 'business');
    // The play begins on a Sunday: the first day that counts is the Monday after it.
    play.pass(15 * HOUR + 8 * DAY - 1);
    play.do({ type: 'evaluate' });
    expect(said(play), 'seven working days less a millisecond').toEqual([]);
    play.pass(3 * DAY);
    play.do({ type: 'evaluate' });
    expect(said(play)).toEqual(['stage_duration_at_risk']);
    expect(play.log.at(-1)?.event).toMatchObject({ calendar: 'business' });
  });
});

const waits = (more: Partial<Waits>): Waits => ({ ...waitsFrom(0), ...more });

const paused = (all_ms: number, weekdays: number): Waits =>
  waits({ spent: { client: 0, us: 0, agent: 0, approver: 0, paused: all_ms }, pausedWeekdays_ms: weekdays });

describe('S70: time in which a journey was paused does not count', () => {
  const stage = { durationTarget_ms: 10 * DAY, calendar: 'calendar' } as const;

  test('when it goes on, the target has moved by as much', () => {
    const journey = { stageStartedAt: MONDAY, status: 'active', waits: paused(3 * DAY, 3 * DAY) } as const;
    expect(durationOf(stage, journey, MONDAY + 10 * DAY)).toEqual({
      age_ms: 7 * DAY,
      day: 8,
      signal: 'on_track',
      changesAt: MONDAY + 11 * DAY,
    });
  });

  test('while it is paused nothing becomes due', () => {
    const since = MONDAY + 2 * DAY;
    const journey = { stageStartedAt: MONDAY, status: 'paused', waits: waits({ on: 'paused', since }) } as const;
    expect(durationOf(stage, journey, MONDAY + 50 * DAY)).toEqual({
      age_ms: 2 * DAY,
      day: 3,
      signal: 'on_track',
      changesAt: null,
    });
  });

  test('in business days only the weekdays of the pause are taken off: the weekend has not counted anyway', () => {
    const business = { ...stage, calendar: 'business' } as const;
    // Paused from Friday noon to Monday noon: half a Friday and half a Monday.
    const journey = { stageStartedAt: MONDAY - 5 * DAY, status: 'active', waits: paused(3 * DAY, DAY) } as const;
    expect(durationOf(business, journey, MONDAY + DAY).age_ms).toBe(3 * DAY);
  });
});

const slowly = (from: number, to: number): number => {
  let sum = 0;
  for (let at = from; at < to; at += MINUTE) if (![0, 6].includes(new Date(at).getUTCDay())) sum += MINUTE;
  return sum;
};

describe('the business calendar', () => {
  test('counts Monday to Friday', () => {
    expect(weekdays_ms(FRIDAY_NOON, FRIDAY_NOON + 3 * DAY)).toBe(DAY);
    expect(weekdays_ms(FRIDAY_NOON + 12 * HOUR, MONDAY)).toBe(0);
    expect(weekdays_ms(MONDAY, MONDAY + 7 * DAY)).toBe(5 * DAY);
    expect(instantAfter(FRIDAY_NOON, 12 * HOUR, 'business'), 'the end of the Friday').toBe(FRIDAY_NOON + 12 * HOUR);
    expect(instantAfter(FRIDAY_NOON, 12 * HOUR + 1, 'business')).toBe(MONDAY + 1);
  });

  test('the instant after so much time is the first one at which so much has passed, wherever one begins', () => {
    const anInstant = fc.integer({ min: 0, max: 40_000 }).map((n) => n * 7 * HOUR + n);
    fc.assert(
      fc.property(anInstant, fc.integer({ min: 1, max: 400 * 24 }), (from, hours) => {
        const at = instantAfter(from, hours * HOUR, 'business');
        expect(weekdays_ms(from, at)).toBe(hours * HOUR);
        expect(weekdays_ms(from, at - 1)).toBe(hours * HOUR - 1);
      }),
    );
  });

  test('agrees with going from minute to minute', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (begin, long) => {
        const from = FRIDAY_NOON + begin * MINUTE;
        expect(weekdays_ms(from, from + long * MINUTE)).toBe(slowly(from, from + long * MINUTE));
      }),
      { numRuns: 30 },
    );
  });
});

describe('S65: a duration makes the journey due', () => {
  test.each([undefined, 'business' as const])('exactly when it changes (%s)', (calendar) => {
    const play = inStage(10, calendar);
    const stage = stageOf(play.plan, 'sandbox');
    if (!stage) throw new Error('no sandbox');
    for (const signal of ['at_risk', 'breached'] as const) {
      const at = nextChange(stage, play.journey(), [], play.now());
      if (at === null) throw new Error('nothing is due');
      expect(durationOf(stage, play.journey(), at - 1).signal).not.toBe(signal);
      expect(durationOf(stage, play.journey(), at).signal).toBe(signal);
      play.pass(at - play.now());
      play.do({ type: 'evaluate' });
    }
    expect(nextChange(stage, play.journey(), [], play.now())).toBeNull();
  });
});
