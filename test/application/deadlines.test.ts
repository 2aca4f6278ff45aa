import { describe, expect, test } from 'vitest';
import type { Alert } from '#application/alerts.ts';
import { openDeadlines } from '#application/deadlines.ts';
import { SECOND } from '#core/time.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const ALERT: Alert = 'rollback_initiation_timed_out';

function watched() {
  const clock = virtualClock();
  const told: unknown[] = [];
  const deadlines = openDeadlines(clock, (alert, message, fields) => void told.push([alert, message, fields]));
  const begin = (name: string, budget_ms = 10 * SECOND) =>
    deadlines.begin(ALERT, name, {
      since: clock.machine(),
      budget_ms,
      message: `${name} is late.`,
      fields: { client_id: name },
    });
  return { clock, told, deadlines, begin };
}

describe('a deadline', () => {
  test('that is kept is told to nobody', async () => {
    const { clock, told, deadlines, begin } = watched();
    begin('acme');
    await clock.advance(10 * SECOND);
    deadlines.end(ALERT, 'acme');
    await clock.advance(60 * SECOND);
    expect(told).toEqual([]);
  });

  test('that is missed is told while it lasts, once, with how long it has been', async () => {
    const { clock, told, deadlines, begin } = watched();
    begin('acme');
    await clock.advance(11 * SECOND);
    expect(told).toEqual([[ALERT, 'acme is late.', { client_id: 'acme', waited_seconds: 11, budget_seconds: 10 }]]);
    await clock.advance(600 * SECOND);
    deadlines.end(ALERT, 'acme');
    expect(told).toHaveLength(1);
  });

  test('that was missed between two looks is told when it ends', async () => {
    const { clock, told, deadlines, begin } = watched();
    begin('acme', 100);
    await clock.advance(200);
    deadlines.end(ALERT, 'acme');
    expect(told).toHaveLength(1);
  });

  test('counts from its first beginning, until it ends', async () => {
    const { clock, told, deadlines, begin } = watched();
    const first = clock.machine();
    begin('acme');
    await clock.advance(8 * SECOND);
    begin('acme');
    expect(deadlines.since(ALERT, 'acme')).toBe(first);
    await clock.advance(3 * SECOND);
    expect(told).toHaveLength(1);
    deadlines.end(ALERT, 'acme');
    begin('acme');
    await clock.advance(9 * SECOND);
    expect(told, 'a new one has its own time').toHaveLength(1);
  });

  test('nobody looks any more when nothing is left to be told, nor after the stop', async () => {
    const { clock, deadlines, begin } = watched();
    begin('acme');
    await clock.advance(12 * SECOND);
    expect(clock.sleepers(), 'what has been told is not told again').toBe(0);
    begin('beta');
    expect(clock.sleepers()).toBe(1);
    deadlines.stop();
    await clock.advance(0);
    expect(clock.sleepers()).toBe(0);
  });

  test('of more than there is room for the oldest are forgotten', () => {
    const { deadlines, begin } = watched();
    for (let index = 0; index <= 10_000; index += 1) begin(`client-${index}`);
    expect(deadlines.since(ALERT, 'client-0')).toBeUndefined();
    expect(deadlines.since(ALERT, 'client-10000')).toBeDefined();
    deadlines.stop();
  });
});
