import { SECOND } from '#core/time.ts';
import type { Clock } from './ports.ts';

/** A sleep that somebody may cut short, but not below a second: whoever wakes it again and again costs a poll a second. */
export type Waker = {
  readonly wake: () => void;
  readonly sleep: (wait_ms: number, signal: AbortSignal) => Promise<void>;
};

export function wakerOn(clock: Pick<Clock, 'sleep'>): Waker {
  let woken = new AbortController();
  return {
    wake: () => woken.abort(),
    sleep: async (wait_ms, signal) => {
      const deep_ms = Math.min(wait_ms, SECOND);
      await clock.sleep(deep_ms, signal);
      if (wait_ms > deep_ms) await clock.sleep(wait_ms - deep_ms, AbortSignal.any([signal, woken.signal]));
      if (woken.signal.aborted) woken = new AbortController();
    },
  };
}
