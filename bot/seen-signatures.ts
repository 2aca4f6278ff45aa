import type { Instant } from '#core/time.ts';

/** More than Slack sends to one process in ten minutes; beyond it the oldest are forgotten. */
const MOST = 50_000;

/**
 * The signatures of the requests of the last minutes, in this process. What comes to another replica is found out by the
 * store when it is acted on.
 */
export function seenSignatures(age_ms: number, most = MOST) {
  const seen = new Map<string, Instant>();
  return {
    isNew: (signature: string, now: Instant): boolean => {
      // Insertion order is time order: the oldest stand first. A stamp may be as far in the future as in the past.
      for (const [old, at] of seen) {
        if (now - at <= 2 * age_ms && seen.size < most) break;
        seen.delete(old);
      }
      if (seen.has(signature)) return false;
      seen.set(signature, now);
      return true;
    },
  };
}
