import type { Clock } from '#application/ports.ts';
import type { Instant } from '#core/time.ts';

export type AckDeadlines = {
  /** Begins to wait; what it answers ends the wait. Otherwise `giveUp` is called once the time is over. */
  readonly begin: (giveUp: () => void) => () => void;
};

const LOOK_MS = 100;

/** One timer for all who wait, rather than one each: most are answered within a millisecond, and timers cost more than that. */
export function ackDeadlines(clock: Clock, ack_ms: number): AckDeadlines {
  // In the order in which their time is over.
  const waiting = new Set<{ readonly at: Instant; readonly giveUp: () => void }>();
  let watching = false;

  async function watch(): Promise<void> {
    watching = true;
    while (waiting.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- a look now and then is the purpose of the loop.
      await clock.sleep(LOOK_MS);
      const now = clock.machine();
      for (const one of waiting) {
        if (one.at > now) break;
        waiting.delete(one);
        one.giveUp();
      }
    }
    watching = false;
  }

  return {
    begin: (giveUp) => {
      const one = { at: clock.machine() + ack_ms, giveUp };
      waiting.add(one);
      if (!watching) void watch();
      return () => void waiting.delete(one);
    },
  };
}
