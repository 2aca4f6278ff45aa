import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBreakers, type Breakers } from '#application/breakers.ts';
import { postgresBreakerStore } from '#adapters/postgres/breaker-store.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import type { FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const policy = { enabled: true, failureThreshold: 5, timeout_ms: 60_000, probes: 3 };

const each = <T>(of: readonly Breakers[], times: number, act: (one: Breakers, id: string) => Promise<T>) =>
  Promise.all(of.flatMap((one, index) => Array.from({ length: times }, (_, number) => act(one, `${index}-${number}`))));
const statusIn = async (one: Breakers, key: string): Promise<string> => {
  await one.refresh();
  return one.view().get(key)?.status ?? 'closed';
};

/** Several processes share one breaker: whatever they do at once, it is one state that its rules moved. */
export function breakersContract(fresh: () => Promise<FreshDatabase>): void {
  describe('breakers that replicas share', () => {
    let at: FreshDatabase;
    let clock: VirtualClock;
    const alerts: string[] = [];

    beforeAll(async () => {
      at = await fresh();
      clock = virtualClock();
    });
    afterAll(() => at.drop());

    const replica = (): Breakers =>
      openBreakers({
        store: postgresBreakerStore(at.database),
        policy: () => policy,
        clock,
        logger: quiet,
        raise: (alert, message) => void alerts.push(`${alert}: ${message}`),
      });

    test('S58: failures are counted over all of them, and one of them tells that it opened', async () => {
      const [one, other] = [replica(), replica()];
      await each([one, other], 2, (it, id) => it.report('dependency:glean', id, 'failed'));
      expect(await statusIn(one, 'dependency:glean')).toBe('closed');
      expect(alerts).toEqual([]);
      await each([one, other], 5, (it, id) => it.report('dependency:glean', id, 'failed'));
      expect([await statusIn(one, 'dependency:glean'), await statusIn(other, 'dependency:glean')]).toEqual([
        'open',
        'open',
      ]);
      expect(one.isOpen('dependency:glean')).toBe(true);
      expect(alerts).toEqual(['breaker_open: dependency:glean failed 5 times in a row: its calls wait.']);
    });

    test('S60: of many who ask at once three probe; their answers close it, and what is at rest is no longer in view', async () => {
      const key = 'dependency:prometheus';
      const replicas = [replica(), replica(), replica()];
      const [one] = replicas as [Breakers];
      await each([one], 5, (it, id) => it.report(key, id, 'failed'));
      await clock.advance(policy.timeout_ms);
      const granted: { readonly by: Breakers; readonly id: string }[] = [];
      await each(replicas, 8, async (by, id) => {
        if (await by.probe(key, id, clock.machine() + 600_000)) granted.push({ by, id });
      });
      expect(granted).toHaveLength(3);
      await Promise.all(granted.map(({ by, id }) => by.report(key, id, 'answered')));
      for (const it of replicas) expect(await statusIn(it, key)).toBe('closed');
      expect(one.view().has(key)).toBe(false);
    });

    test('S57: when it is not enabled it neither counts nor holds back', async () => {
      const off = openBreakers({
        store: postgresBreakerStore(at.database),
        policy: () => ({ ...policy, enabled: false }),
        clock,
        logger: quiet,
        raise: () => undefined,
      });
      await each([off], 9, (it, id) => it.report('dependency:off', id, 'failed'));
      await off.refresh();
      expect(off.view().has('dependency:off')).toBe(false);
      expect(off.isOpen('dependency:glean'), 'opened while it was enabled').toBe(false);
    });
  });
}
