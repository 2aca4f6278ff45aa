import { setImmediate as nextTurnOfTheEventLoop } from 'node:timers/promises';

import type { Clock } from '#application/ports.ts';
import type { Instant } from '#core/time.ts';

export type VirtualClock = Clock & {
  /** Moves both times on; sleepers wake at their own instants, in order, and what they start is part of it. */
  readonly advance: (by_ms: number) => Promise<void>;
  readonly sleepers: () => number;
};

type Sleeper = { readonly at: Instant; readonly wake: () => void };

/** Time that moves only when a test says so. */
export function virtualClock(startAt: Instant = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startAt;
  const asleep = new Set<Sleeper>();

  const sleep: Clock['sleep'] = (wait_ms, signal) =>
    new Promise((resolve) => {
      if (wait_ms <= 0 || signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        asleep.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { at: now + wait_ms, wake };
      asleep.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });

  const advance = async (by_ms: number): Promise<void> => {
    const end = now + by_ms;
    await nextTurnOfTheEventLoop();
    // A stable sort: those who wake at the same instant do so in the order in which they fell asleep.
    const [first] = [...asleep].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
    if (first === undefined) {
      now = end;
      return;
    }
    now = first.at;
    first.wake();
    await nextTurnOfTheEventLoop();
    return advance(end - now);
  };
  // Waits may end between two milliseconds; no clock of the product says so.
  const whole = (): Instant => Math.floor(now);
  return { journey: whole, machine: whole, sleep, advance, sleepers: () => asleep.size };
}
