import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MINUTE, SECOND } from '#core/time.ts';
import { onCron } from '#scheduler/scheduler.ts';
import { quiet } from '#test/support/engine/fixtures.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('S65: a round by cron never runs beside the one before, and the terminal hears nothing of it', async () => {
  const said = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation(() => undefined),
  );
  const debug = vi.fn<(message: string) => void>();
  const ends: (() => void)[] = [];
  const scheduled = onCron('* * * * *', 'Looking', () => new Promise<void>((resolve) => void ends.push(resolve)), {
    ...quiet,
    debug,
  });
  await vi.advanceTimersByTimeAsync(3 * MINUTE);
  expect(ends).toHaveLength(1);
  expect(debug).toHaveBeenCalledWith(expect.stringContaining('still running'));
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(MINUTE + SECOND);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await scheduled.stop();
  await vi.advanceTimersByTimeAsync(3 * MINUTE);
  expect(ends).toHaveLength(2);
  expect(said.flatMap((spy) => spy.mock.calls)).toEqual([]);
});

test('a round that fails is told, and the next one comes', async () => {
  const warn = vi.fn<(message: string) => void>();
  let rounds = 0;
  const scheduled = onCron(
    '* * * * *',
    'Looking',
    () => {
      rounds += 1;
      return Promise.reject(new Error('No store.'));
    },
    { ...quiet, warn },
  );
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  await scheduled.stop();
  expect(rounds).toBe(2);
  expect(warn).toHaveBeenCalledWith('Looking failed.', { error: 'Error: No store.' });
});
