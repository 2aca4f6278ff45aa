import { fraction } from '#core/retry.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';

/** The waits after the first failure, the second, …: about three days in all. */
const WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
const LONGEST_MS = 24 * HOUR;
/** Messages that failed together must not come back together. */
const JITTER = 0.2;

export const MOST_ATTEMPTS = WAITS_MS.length + 1;

/** How long to wait after so many failures that count; undefined: it has been tried often enough. */
export function waitAfter_ms(failures: number, id: string, asked_ms = 0): number | undefined {
  const wait_ms = WAITS_MS[failures - 1];
  if (wait_ms === undefined) return undefined;
  const jittered = wait_ms * (1 - JITTER / 2 + JITTER * fraction(`${id}#${failures}`));
  return Math.round(Math.max(jittered, Math.min(asked_ms, LONGEST_MS)));
}
