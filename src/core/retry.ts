export const backoffStrategies = ['exponential', 'linear', 'none'] as const;
export type BackoffStrategy = (typeof backoffStrategies)[number];

/** `max_retries` counts the attempts after the first one. */
export type RetryPolicy = {
  readonly maxRetries: number;
  readonly backoff: BackoffStrategy;
  readonly initial_ms: number;
  readonly max_ms: number;
};

/** How long to wait after attempt number `attempt` (1, 2, 3 …) has failed. */
export function backoff_ms(policy: RetryPolicy, attempt: number, seed: string): number {
  const wait_ms = longestWait_ms(policy, attempt);
  // Jitter only shortens, so that the cap holds; seeded, so that the same task always waits the same time.
  return Math.round(wait_ms * (1 - 0.2 * fraction(`${seed}#${attempt}`)));
}

/** The wait before jitter shortens it. */
export const longestWait_ms = (policy: RetryPolicy, attempt: number): number =>
  Math.min(rawBackoff_ms(policy, attempt), policy.max_ms);

function rawBackoff_ms({ backoff, initial_ms }: RetryPolicy, attempt: number): number {
  switch (backoff) {
    case 'none':
      return 0;
    case 'linear':
      return initial_ms * attempt;
    case 'exponential':
      return initial_ms * 2 ** (attempt - 1);
  }
}

/** A number in [0, 1) that depends on the text alone (FNV-1a). */
export function fraction(text: string): number {
  return (fnv1a(text) >>> 0) / 2 ** 32;
}

export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // FNV's low bits mix poorly on short texts that differ in the last character: fold the high ones in.
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 13);
}
