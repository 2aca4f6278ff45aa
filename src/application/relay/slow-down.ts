import { MINUTE, SECOND, type Instant } from '#core/time.ts';
import type { DeliveryResult } from './destination.ts';

/** So many clients fail in a row before the destination itself is taken to be down, rather than a message to be bad. */
const CLIENTS_IN_A_ROW = 5;
const FIRST_WAIT_MS = 5 * SECOND;
const LONGEST_WAIT_MS = MINUTE;
const GONE_WAIT_MS = 5 * MINUTE;
/** The longest that a destination's own wish keeps other messages waiting; the one that it answered waits as asked. */
const LONGEST_ASKED_MS = 5 * MINUTE;

/** `waits`: it has asked for time. `down`: several clients in a row have failed. `gone`: it says that it is no more. */
export type Standing = 'up' | 'waits' | 'down' | 'gone';

/**
 * One destination as this process sees it. Unless it is up it is called by one probe after each wait; what fails while
 * it is down or gone shows nothing about the message, and so does not count against it.
 */
export type SlowDown = {
  readonly standing: () => Standing;
  /** How many calls may be under way at once, now. */
  readonly most: (now: Instant, concurrency: number) => number;
  /** Takes in how a call ended that was begun in this standing; answers the standing now. */
  readonly heard: (result: DeliveryResult, clientId: string, begunIn: Standing, now: Instant) => Standing;
  /** When it is called again at the earliest; null: whenever there is something. */
  readonly until: () => Instant | null;
};

export function slowDown(): SlowDown {
  const failing = new Set<string>();
  let until: Instant | null = null;
  let wait_ms = 0;
  let gone = false;

  const standing = (): Standing => {
    if (gone) return 'gone';
    if (failing.size >= CLIENTS_IN_A_ROW) return 'down';
    return until === null ? 'up' : 'waits';
  };

  function backUp(): void {
    failing.clear();
    [until, wait_ms, gone] = [null, 0, false];
  }

  const leaveAlone = (now: Instant, for_ms: number): void => void (until = Math.max(until ?? now, now + for_ms));

  function failed(clientId: string, asked_ms: number, begunIn: Standing, now: Instant): void {
    if (failing.size < CLIENTS_IN_A_ROW) failing.add(clientId);
    if (asked_ms > 0) leaveAlone(now, Math.min(asked_ms, LONGEST_ASKED_MS));
    if (standing() !== 'down') return;
    // Calls that were under way when it went down say nothing new; only a probe makes the wait longer.
    if (wait_ms === 0) wait_ms = FIRST_WAIT_MS;
    else if (begunIn === 'down') wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
    else return;
    leaveAlone(now, wait_ms);
  }

  return {
    standing,
    until: () => until,
    most: (now, concurrency) => (until === null ? concurrency : now < until ? 0 : 1),
    heard: (result, clientId, begunIn, now) => {
      if (result.type === 'retry') failed(clientId, result.after_ms ?? 0, begunIn, now);
      else if (result.type === 'gone') {
        gone = true;
        leaveAlone(now, GONE_WAIT_MS);
      }
      // A message that is refused shows that somebody is there.
      else backUp();
      return standing();
    },
  };
}
