import { SECOND, type Instant } from '#core/time.ts';

/** Principals that are kept account of; beyond that the longest silent ones are forgotten, and begin anew. */
const MOST_PRINCIPALS = 10_000;

/**
 * A bucket a principal: `per_second` calls on average, ten seconds' worth at once. Answers how long to wait in
 * milliseconds; 0: go on.
 */
export function rateLimit(per_second: number, now: () => Instant): (principal: string) => number {
  const burst = per_second * 10;
  const buckets = new Map<string, { left: number; at: Instant }>();
  return (principal) => {
    const at = now();
    const before = buckets.get(principal) ?? { left: burst, at };
    const left = Math.min(burst, before.left + (Math.max(0, at - before.at) / SECOND) * per_second);
    // Set anew, so that the map's order is that of the last calls.
    buckets.delete(principal);
    buckets.set(principal, { left: left >= 1 ? left - 1 : left, at });
    if (buckets.size > MOST_PRINCIPALS) buckets.delete(buckets.keys().next().value ?? '');
    return left >= 1 ? 0 : Math.ceil(((1 - left) / per_second) * SECOND);
  };
}
