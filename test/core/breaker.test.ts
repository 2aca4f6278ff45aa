import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAnswer,
  afterFailure,
  afterNothing,
  closed,
  mayProbe,
  withProbe,
  type Breaker,
  type BreakerPolicy,
} from '#core/breaker.ts';

const policy: BreakerPolicy = { enabled: true, failureThreshold: 5, timeout_ms: 60_000, probes: 3 };
const PROBE_MS = 120_000;
const T0 = 1_000_000;

const failing = (times: number, from: Breaker = closed, now = T0): Breaker =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => afterFailure(breaker, policy, 'call', now), from);
const probing = (ids: readonly string[], from: Breaker, now: number): Breaker =>
  ids.reduce((breaker, id) => withProbe(breaker, policy, { id, until: now + PROBE_MS }, now) ?? breaker, from);

describe('a circuit breaker', () => {
  test('S58: failure_threshold failures in a row open it; an answer in between begins the count anew', () => {
    expect(failing(4).status).toBe('closed');
    expect(failing(5)).toEqual({ status: 'open', since: T0 });
    const answered = afterAnswer(failing(4), policy, 'call');
    expect(answered).toEqual(closed);
    expect(failing(4, answered).status).toBe('closed');
  });

  test('S59: while it is open nothing goes ahead until timeout_seconds are over', () => {
    const open = failing(5);
    expect(withProbe(open, policy, { id: 'a', until: T0 + PROBE_MS }, T0 + 59_999)).toBeNull();
    expect(mayProbe(open, policy, T0 + 59_999)).toBe(false);
    expect(mayProbe(open, policy, T0 + 60_000)).toBe(true);
    expect(probing(['a'], open, T0 + 60_000)).toMatchObject({ status: 'half_open', succeeded: 0 });
  });

  test('S60: three probes are in flight at the most; three successes close it, one failure opens it again', () => {
    const now = T0 + 60_000;
    const half = probing(['a', 'b', 'c', 'd'], failing(5), now);
    expect(half).toMatchObject({ probes: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
    expect(afterFailure(half, policy, 'b', now)).toEqual({ status: 'open', since: now });
    const two = afterAnswer(afterAnswer(half, policy, 'a'), policy, 'b');
    expect(two).toMatchObject({ status: 'half_open', succeeded: 2, probes: [{ id: 'c' }] });
    expect(afterAnswer(two, policy, 'c')).toEqual(closed);
  });

  test('what began before it opened neither closes it nor opens it again', () => {
    const half = probing(['a'], failing(5), T0 + 60_000);
    expect(afterFailure(half, policy, 'old', T0 + 61_000)).toBe(half);
    expect(afterAnswer(half, policy, 'old')).toBe(half);
    expect(afterNothing(half, 'old')).toBe(half);
    expect(failing(3, failing(5), T0 + 1_000), 'it does not stay open longer for them').toEqual(failing(5));
  });

  test('the place of a probe that nobody reports is free again when its time is over, or when it says nothing', () => {
    const now = T0 + 60_000;
    const half = probing(['a', 'b', 'c'], failing(5), now);
    expect(mayProbe(half, policy, now + PROBE_MS - 1)).toBe(false);
    expect(probing(['d'], half, now + PROBE_MS)).toMatchObject({ probes: [{ id: 'd' }] });
    expect(afterNothing(half, 'b')).toMatchObject({ succeeded: 0, probes: [{ id: 'a' }, { id: 'c' }] });
  });

  type Step = { readonly what: 'fail' | 'answer' | 'nothing' | 'probe'; readonly id: number; readonly pass_ms: number };
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('fail' as const, 'fail' as const, 'answer' as const, 'nothing' as const, 'probe' as const),
      id: fc.nat(5),
      pass_ms: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constant(61_000), fc.constant(PROBE_MS)),
    }),
    { minLength: 10, maxLength: 120, size: 'max' },
  );
  const policies = fc.record({
    enabled: fc.constant(true),
    failureThreshold: fc.integer({ min: 1, max: 6 }),
    timeout_ms: fc.constant(60_000),
    probes: fc.integer({ min: 1, max: 4 }),
  });

  const taken = (breaker: Breaker, of: BreakerPolicy, { what, id }: Step, now: number): Breaker => {
    const name = `call-${id}`;
    switch (what) {
      case 'fail':
        return afterFailure(breaker, of, name, now);
      case 'answer':
        return afterAnswer(breaker, of, name);
      case 'nothing':
        return afterNothing(breaker, name);
      case 'probe':
        return withProbe(breaker, of, { id: name, until: now + PROBE_MS }, now) ?? breaker;
    }
  };

  type Change = {
    readonly before: Breaker;
    readonly after: Breaker;
    readonly step: Step;
    readonly of: BreakerPolicy;
    readonly now: number;
    readonly failuresInARow: number;
  };

  /** The rules that a change breaks, by name. */
  function brokenBy({ before, after, step, of, now, failuresInARow }: Change): readonly string[] {
    const moved = before.status !== after.status;
    const inFlight = after.status === 'half_open' ? after.probes.filter(({ until }) => until > now).length : 0;
    const rules: Readonly<Record<string, boolean>> = {
      'no more probes than allowed': inFlight <= of.probes,
      ...(before.status === 'closed'
        ? { 'opens at the threshold': (after.status === 'open') === failuresInARow >= of.failureThreshold }
        : {}),
      ...(before.status === 'open' && moved
        ? {
            'half-open by a probe only': step.what === 'probe' && after.status === 'half_open',
            'not before its time': now - before.since >= of.timeout_ms,
          }
        : {}),
      ...(before.status === 'half_open' && moved
        ? {
            'by a probe only': before.probes.some(({ id }) => id === `call-${step.id}`),
            'closed by an answer, open by a failure': step.what === (after.status === 'closed' ? 'answer' : 'fail'),
            'closed by the last success': after.status === 'open' || before.succeeded === of.probes - 1,
          }
        : {}),
    };
    return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
  }

  /** How many failures there have been in a row since it was last closed. */
  function counted(failures: number, before: Breaker, what: Step['what']): number {
    if (before.status !== 'closed' || what === 'answer') return 0;
    return what === 'fail' ? failures + 1 : failures;
  }

  test('S57 S58 S59 S60: whatever happens in whatever order, it changes only as its rules say', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(policies, steps, (of, history) => {
        const broken: string[] = [];
        let breaker: Breaker = closed;
        let [now, failuresInARow] = [T0, 0];
        for (const step of history) {
          now += step.pass_ms;
          const before = breaker;
          breaker = taken(before, of, step, now);
          failuresInARow = counted(failuresInARow, before, step.what);
          broken.push(...brokenBy({ before, after: breaker, step, of, now, failuresInARow }));
          seen.add(`${before.status} ${breaker.status}`);
        }
        expect(broken).toEqual([]);
      }),
      { numRuns: 500 },
    );
    for (const way of ['closed open', 'open half_open', 'half_open open', 'half_open closed'])
      expect(seen).toContain(way);
  });
});
