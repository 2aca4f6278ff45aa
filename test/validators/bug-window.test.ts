import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import { iso, judge, now, observation } from './judging.ts';

const parameters = { window_days: 7, max_critical: 0, max_high: 2 };
const allClear = (observedAt = now - HOUR) => observation({ all_clear: true }, { observedAt });
type BugDays = { readonly opened: number; readonly closed?: number; readonly id?: string; readonly seen?: number };
const bug = (severity: string, { opened, closed, id = 'B-1', seen = 0.1 }: BugDays) =>
  observation(
    {
      severity,
      opened_at: iso(now - opened * DAY),
      ...(closed === undefined ? {} : { closed_at: iso(now - closed * DAY) }),
    },
    { subject: id, observedAt: now - seen * DAY },
  );
const judged = (seen: ReturnType<typeof bug>[], stageDays = 10) =>
  judge('BugWindowValidator', parameters, seen, { stageStartedAt: now - stageDays * DAY });

describe('BugWindowValidator', () => {
  test('S78: on the first day of the stage it is unknown, with the days that are left', () => {
    expect(judged([allClear()], 1)).toMatchObject({
      outcome: 'unknown',
      code: 'window.not_covered',
      distance: '6 days left',
      changesAt: now + 6 * DAY,
    });
  });

  test('S78: it passes once the window lies wholly inside the stage and somebody has looked', () => {
    expect(judged([allClear()], 7)).toMatchObject({ outcome: 'passed', measured: { critical: 0, high: 0 } });
  });

  test('S78: a count that is already over its maximum fails at once, before the window is covered', () => {
    expect(judged([bug('critical', { opened: 0.5 })], 1)).toMatchObject({
      outcome: 'failed',
      code: 'bug_window.too_many',
      measured: { critical: 1, high: 0 },
    });
  });

  test('S78: silence is not an all-clear', () => {
    const verdict = judged([]);
    expect(verdict).toMatchObject({ outcome: 'unknown', code: 'evidence.none' });
    expect(verdict.distance).toContain('all-clear');
  });

  test('S78: an all-clear from before this stage is none', () => {
    expect(judged([allClear(now - 11 * DAY)])).toMatchObject({ outcome: 'unknown', code: 'evidence.none' });
  });

  test('S78: a look that is too old is stale', () => {
    expect(judged([allClear(now - 169 * HOUR)])).toMatchObject({ outcome: 'unknown', code: 'evidence.stale' });
    expect(judged([allClear(now - 168 * HOUR)])).toMatchObject({ outcome: 'passed', changesAt: now + 1 });
  });

  test('S78: a bug from an earlier stage that is still open counts, however long ago it was recorded', () => {
    expect(judged([bug('critical', { opened: 40, seen: 40 }), allClear()])).toMatchObject({ outcome: 'failed' });
  });

  test('S78: a bug that was closed before the window does not count, one closed inside it does', () => {
    expect(judged([bug('critical', { opened: 9, closed: 8 })])).toMatchObject({ outcome: 'passed' });
    expect(judged([bug('critical', { opened: 9, closed: 6 })])).toMatchObject({
      outcome: 'failed',
      changesAt: now + DAY + 1,
    });
  });

  test('S78: a bug that was closed before this stage began does not count against it', () => {
    expect(judged([bug('critical', { opened: 3, closed: 2 })], 1)).toMatchObject({ code: 'window.not_covered' });
  });

  test('S78: severities are counted apart, lesser ones not at all', () => {
    const highs = ['H-1', 'H-2'].map((id) => bug('high', { opened: 2, id }));
    expect(judged([...highs, bug('low', { opened: 1, id: 'L-1' })])).toMatchObject({
      outcome: 'passed',
      measured: { critical: 0, high: 2 },
    });
    expect(judged([...highs, bug('high', { opened: 1, id: 'H-3' })])).toMatchObject({ outcome: 'failed' });
  });

  test('one more bug never turns anything into a pass, and an uncovered window never passes', () => {
    const severity = fc.constantFrom('critical', 'high', 'medium', 'low');
    const day = fc.double({ min: 0, max: 20, noNaN: true });
    const bugs = fc.array(fc.record({ severity, opened: day }), { maxLength: 5 });
    fc.assert(
      fc.property(bugs, day, (listed, stageDays) => {
        const seen = listed.map(({ severity: level, opened }, index) => bug(level, { opened, id: `B-${index}` }));
        const before = judged([allClear(), ...seen.slice(1)], stageDays).outcome;
        const after = judged([allClear(), ...seen], stageDays).outcome;
        expect([after !== 'passed', before === 'passed']).toContain(true);
        expect([after !== 'passed', stageDays >= 7]).toContain(true);
      }),
    );
  });
});
