import { SECOND, type Instant } from '#core/time.ts';

/** Whoever is kept account of; beyond that the longest silent ones are forgotten, and begin anew. */
const MOST_KEYS = 10_000;

export type RateLimit = {
  /** Takes a call; answers how long to wait in milliseconds where there is none left, 0: go on. */
  readonly take: (key: string) => number;
  /** The same without taking one. */
  readonly wait: (key: string) => number;
};

/** A bucket a key: `per_second` calls on average, ten seconds' worth at once. */
export function rateLimit(per_second: number, now: () => Instant): RateLimit {
  const burst = per_second * 10;
  const buckets = new Map<string, { readonly left: number; readonly at: Instant }>();

  const leftOf = (key: string, at: Instant): number => {
    const before = buckets.get(key);
    return before ? Math.min(burst, before.left + (Math.max(0, at - before.at) / SECOND) * per_second) : burst;
  };
  const waitFor = (left: number): number => (left >= 1 ? 0 : Math.ceil(((1 - left) / per_second) * SECOND));

  return {
    wait: (key) => waitFor(leftOf(key, now())),
    take: (key) => {
      const at = now();
      const left = leftOf(key, at);
      // Set anew, so that the map's order is that of the last calls.
      buckets.delete(key);
      buckets.set(key, { left: left >= 1 ? left - 1 : left, at });
      if (buckets.size > MOST_KEYS) buckets.delete(buckets.keys().next().value ?? '');
      return waitFor(left);
    },
  };
}
