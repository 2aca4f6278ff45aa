import { MINUTE, type Instant } from '#core/time.ts';
import type { DeliveryResult } from './destination.ts';

const GONE_WAIT_MS = 5 * MINUTE;
/** The longest that a destination's own wish keeps other messages waiting; the one that it answered waits as asked. */
const LONGEST_ASKED_MS = 5 * MINUTE;

/** `waits`: it has asked for time. `gone`: it says that it is no more. */
export type Standing = 'up' | 'waits' | 'gone';

/**
 * What one destination has asked of this process: time, or to be left alone. Until it is up again it is called by one
 * message after each wait. Whether it is down at all is for its circuit breaker to say, which the replicas share.
 */
export type SlowDown = {
  readonly standing: () => Standing;
  /** How many calls may be under way at once, now. */
  readonly most: (now: Instant, concurrency: number) => number;
  /** Takes in how a call ended; answers the standing now. */
  readonly heard: (result: DeliveryResult, now: Instant) => Standing;
  /** When it is called again at the earliest; null: whenever there is something. */
  readonly until: () => Instant | null;
};

export function slowDown(): SlowDown {
  let until: Instant | null = null;
  let gone = false;

  const standing = (): Standing => (gone ? 'gone' : until === null ? 'up' : 'waits');
  const leaveAlone = (now: Instant, for_ms: number): void => void (until = Math.max(until ?? now, now + for_ms));

  function hear(result: DeliveryResult, now: Instant): void {
    switch (result.type) {
      case 'retry':
        if (result.after_ms !== undefined && result.after_ms > 0)
          leaveAlone(now, Math.min(result.after_ms, LONGEST_ASKED_MS));
        return;
      case 'gone':
        gone = true;
        return leaveAlone(now, GONE_WAIT_MS);
      case 'held':
        return;
      // A message that is refused shows that somebody is there.
      case 'delivered':
      case 'refused':
        [until, gone] = [null, false];
    }
  }

  return {
    standing,
    until: () => until,
    most: (now, concurrency) => (until === null ? concurrency : now < until ? 0 : 1),
    heard: (result, now) => {
      hear(result, now);
      return standing();
    },
  };
}
