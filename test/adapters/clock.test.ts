import { describe, expect, it } from 'vitest';

import { acceleratedClock, databaseClock, systemClock } from '#adapters/clock.ts';
import { DAY, HOUR, MINUTE, SECOND } from '#core/time.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const quiet = { warn: () => undefined };

/** A database that is `ahead_ms` of the machine; each round trip takes the next of `trips_ms`, half of it each way. */
function databaseAt(ahead_ms: number, trips_ms: readonly number[]) {
  const state = { local: 1_000_000, ahead_ms, asked: 0, down: false };
  return {
    state,
    local: () => state.local,
    databaseTime: async () => {
      if (state.down) throw new Error('down');
      const trip_ms = trips_ms[state.asked++ % trips_ms.length] ?? 0;
      const answer = state.local + trip_ms / 2 + state.ahead_ms;
      state.local += trip_ms;
      return answer;
    },
  };
}

describe('the system clock', () => {
  it('wakes at once, without error, when its signal has aborted or aborts', async () => {
    const clock = systemClock();
    const stopping = new AbortController();
    const asleep = clock.sleep(HOUR, stopping.signal);
    stopping.abort();
    await expect(asleep).resolves.toBeUndefined();
    await expect(clock.sleep(40 * DAY, stopping.signal)).resolves.toBeUndefined();
  });

  it('tells both times alike', () => {
    const clock = systemClock();
    expect(Math.abs(clock.journey() - clock.machine())).toBeLessThan(SECOND);
  });
});

describe('the database clock', () => {
  it('is the database time on a machine whose clock is three hours off, whatever the round trip takes', async () => {
    const { state, local, databaseTime } = databaseAt(3 * HOUR, [4, 40, 4, 400, 4]);
    const machine = virtualClock();
    const clock = await databaseClock({ databaseTime, local, logger: quiet, sleep: machine.sleep });
    expect(clock.offset_ms()).toBe(3 * HOUR);
    expect(clock.machine()).toBe(state.local + 3 * HOUR);
    expect(clock.journey()).toBe(clock.machine());
    await clock.stop();
  });

  it('is not led astray by one answer that was delayed on its way back', async () => {
    const state = { asked: 0, local: 0 };
    const databaseTime = async () => {
      state.asked += 1;
      const answer = state.local + 1;
      state.local += state.asked === 2 ? 5000 : 2;
      return answer;
    };
    const clock = await databaseClock({
      databaseTime,
      local: () => state.local,
      logger: quiet,
      sleep: virtualClock().sleep,
    });
    expect(clock.offset_ms()).toBe(0);
    await clock.stop();
  });

  it('measures again every 30 seconds, and keeps the last offset while the database does not answer', async () => {
    const warned: string[] = [];
    const logger = { warn: (message: string) => void warned.push(message) };
    const { state, local, databaseTime } = databaseAt(0, [2]);
    const machine = virtualClock();
    const clock = await databaseClock({ databaseTime, local, logger, sleep: machine.sleep });
    state.ahead_ms = 20 * MINUTE;
    await machine.advance(29 * SECOND);
    expect(clock.offset_ms()).toBe(0);
    await machine.advance(SECOND);
    expect(clock.offset_ms()).toBe(20 * MINUTE);
    state.down = true;
    await machine.advance(30 * SECOND);
    expect(clock.offset_ms()).toBe(20 * MINUTE);
    expect(warned).toHaveLength(1);
    await clock.stop();
    expect(machine.sleepers()).toBe(0);
  });

  it('does not step back for a small correction, and follows a large one', async () => {
    const { state, local, databaseTime } = databaseAt(1000, [0]);
    const clock = await databaseClock({ databaseTime, local, logger: quiet, sleep: virtualClock().sleep });
    const before = clock.machine();
    state.ahead_ms = 900;
    await clock.sample();
    expect(clock.machine()).toBe(before);
    state.ahead_ms = -HOUR;
    await clock.sample();
    expect(clock.machine()).toBe(before - 1000 - HOUR);
    await clock.stop();
  });

  it('does not start on a database that does not answer', async () => {
    const { state, local, databaseTime } = databaseAt(0, [2]);
    state.down = true;
    await expect(databaseClock({ databaseTime, local, logger: quiet })).rejects.toThrow('down');
  });
});

describe('the accelerated clock', () => {
  it('runs journey time fast and machine time as it is', async () => {
    const machine = virtualClock();
    const start = machine.machine();
    const clock = acceleratedClock({ factor: 3600, startAt: 0, machine });
    await machine.advance(2 * SECOND);
    expect(clock.journey()).toBe(2 * HOUR);
    expect(clock.machine()).toBe(start + 2 * SECOND);
  });

  it('lets journey time stand still while a person decides, and go on from there', async () => {
    const machine = virtualClock();
    const clock = acceleratedClock({ factor: 60, startAt: 0, machine });
    await machine.advance(SECOND);
    clock.pause();
    clock.pause();
    await machine.advance(HOUR);
    expect(clock.journey()).toBe(MINUTE);
    clock.resume();
    clock.resume();
    expect(clock.journey()).toBe(MINUTE);
    await machine.advance(SECOND);
    expect(clock.journey()).toBe(2 * MINUTE);
  });
});

describe('the virtual clock', () => {
  it('wakes sleepers in order, each at its own instant, and those who fall asleep again in between', async () => {
    const clock = virtualClock(0);
    const woken: [string, number][] = [];
    const beat = async (name: string, every_ms: number, times: number): Promise<void> => {
      if (times === 0) return;
      await clock.sleep(every_ms);
      woken.push([name, clock.machine()]);
      return beat(name, every_ms, times - 1);
    };
    void beat('three', 3, 3);
    void beat('two', 2, 4);
    await clock.advance(7);
    expect(woken).toEqual([
      ['two', 2],
      ['three', 3],
      ['two', 4],
      ['three', 6],
      ['two', 6],
    ]);
    expect(clock.machine()).toBe(7);
  });
});
