import type { Clock } from '#application/ports.ts';

export type ManualClock = Clock & { readonly advance: (by_ms: number) => void };

/** A clock that stands still until a test moves it; both of its times are the same. */
export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    journey: () => now,
    machine: () => now,
    sleep: (wait_ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          until: now + wait_ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
        if (signal?.aborted) sleeper.wake();
      }),
    advance: (by_ms) => {
      now += by_ms;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
    },
  };
}
