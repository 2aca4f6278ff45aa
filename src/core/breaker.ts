import type { Instant } from './time.ts';

/**
 * A circuit breaker before something outside: an intent's agents, or a dependency. Closed: calls go through, and failures
 * in a row are counted. Open: nothing goes through for a while. Half-open: a few probes do, and they decide. The state is
 * a value that the replicas share, and every change of it is one of the functions below.
 */
export type Breaker =
  | { readonly status: 'closed'; readonly failures: number }
  | { readonly status: 'open'; readonly since: Instant }
  | {
      readonly status: 'half_open';
      readonly since: Instant;
      readonly succeeded: number;
      readonly probes: readonly Probe[];
    };

/** A call that found out whether the other side works again. Nobody waits for its answer longer than `until` (machine time). */
export type Probe = { readonly id: string; readonly until: Instant };

export type BreakerPolicy = {
  readonly enabled: boolean;
  /** Failures in a row that open it. */
  readonly failureThreshold: number;
  /** How long it stays open. */
  readonly timeout_ms: number;
  /** Probes in flight at the most, and successes that close it. */
  readonly probes: number;
};

export const closed: Breaker = { status: 'closed', failures: 0 };

/**
 * After the call `id` failed at `now`. What began before the breaker opened says nothing new about the other side: in
 * half-open only probes count.
 */
export function afterFailure(breaker: Breaker, policy: BreakerPolicy, id: string, now: Instant): Breaker {
  switch (breaker.status) {
    case 'closed':
      return breaker.failures + 1 >= policy.failureThreshold
        ? { status: 'open', since: now }
        : { status: 'closed', failures: breaker.failures + 1 };
    case 'open':
      return breaker;
    case 'half_open':
      return isProbe(breaker, id) ? { status: 'open', since: now } : breaker;
  }
}

/** After the call `id` was answered, whatever the answer said. */
export function afterAnswer(breaker: Breaker, policy: BreakerPolicy, id: string): Breaker {
  switch (breaker.status) {
    case 'closed':
      return breaker.failures === 0 ? breaker : closed;
    case 'open':
      return breaker;
    case 'half_open': {
      if (!isProbe(breaker, id)) return breaker;
      const succeeded = breaker.succeeded + 1;
      return succeeded >= policy.probes ? closed : { ...without(breaker, id), succeeded };
    }
  }
}

/** After the probe `id` ended without saying anything about the other side. */
export const afterNothing = (breaker: Breaker, id: string): Breaker =>
  breaker.status === 'half_open' && isProbe(breaker, id) ? without(breaker, id) : breaker;

/** With the call `id` as a probe; null: none may go ahead now. A probe whose time is over has given its place up. */
export function withProbe(breaker: Breaker, policy: BreakerPolicy, probe: Probe, now: Instant): Breaker | null {
  switch (breaker.status) {
    case 'closed':
      return null;
    case 'open':
      return mayProbe(breaker, policy, now)
        ? { status: 'half_open', since: breaker.since, succeeded: 0, probes: [probe] }
        : null;
    case 'half_open': {
      const probes = inFlight(breaker.probes, now).filter(({ id }) => id !== probe.id);
      return probes.length < policy.probes ? { ...breaker, probes: [...probes, probe] } : null;
    }
  }
}

/** Whether a further probe could go ahead now. */
export function mayProbe(breaker: Breaker, policy: BreakerPolicy, now: Instant): boolean {
  switch (breaker.status) {
    case 'closed':
      return false;
    case 'open':
      return now - breaker.since >= policy.timeout_ms;
    case 'half_open':
      return inFlight(breaker.probes, now).length < policy.probes;
  }
}

const inFlight = (probes: readonly Probe[], now: Instant): readonly Probe[] =>
  probes.filter(({ until }) => until > now);

type HalfOpen = Extract<Breaker, { status: 'half_open' }>;
const isProbe = ({ probes }: HalfOpen, id: string): boolean => probes.some((probe) => probe.id === id);
const without = (breaker: HalfOpen, id: string): HalfOpen => ({
  ...breaker,
  probes: breaker.probes.filter((probe) => probe.id !== id),
});
