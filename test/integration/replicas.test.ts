import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { openPilot } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica } from '#test/support/engine/replicas.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const CLIENTS = 120;
const TASKS = 7;
const LEASE_MS = SECOND;
const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${String(index).padStart(3, '0')}`);

describe('two replicas that share a database', () => {
  let at: FreshDatabase;
  let door: Engine;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    at = await freshDatabase();
    // Takes requests and does nothing itself (S1), so that all the work is the replicas'.
    door = await engineOn({
      database: at.database,
      keepDatabase: true,
      settings: { enabled: false, document: openPilot, lease_ms: LEASE_MS },
    });
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((one) => one.kill()));
    await door.stop();
    await at.drop();
  });

  async function replica(): Promise<Replica> {
    const started = await startReplica({ url: at.url, lease_ms: LEASE_MS, task_ms: 25, poolSize: 5 });
    replicas.push(started);
    expect(started.refused).toBeUndefined();
    return started;
  }
  const succeeded = async (): Promise<number> =>
    (
      await at.database.query<{ count: number }>(
        `select count(*)::int as count from journey_events where type = 'task_succeeded'`,
      )
    )[0]?.count ?? 0;
  const doneUnits = async (): Promise<number> =>
    (
      await at.database.query<{ count: number }>(
        `select count(*)::int as count from unit_of_works where stage = 'pilot' and status = 'completed'`,
      )
    )[0]?.count ?? 0;
  const allAtTheGate = (within_ms: number) => eventually(doneUnits, (units) => units === CLIENTS, within_ms);
  const startAll = () => Promise.all(clients.map((client) => door.call('journey.start', startInput(client))));

  const asItMustBe = { broken: [], stages: { pilot: CLIENTS }, succeeded: CLIENTS * TASKS };

  test('I1 I5 I8 I9: one is killed in the middle of 120 journeys: the other takes over, each result is recorded once', async () => {
    const [one, other] = [await replica(), await replica()];
    await startAll();
    await eventually(succeeded, (count) => count > (CLIENTS * TASKS) / 4, 30_000);
    const [busier, survivor] = one.called.length > other.called.length ? [one, other] : [other, one];
    const dead = await epochOf(busier.pid);
    const before = survivor.called.length;
    await busier.kill();
    const died = performance.now();
    await eventually(leftWith(dead), (count) => count === 0, 30_000);
    // The lease, then a look each second; the rest is room for a busy machine.
    expect(performance.now() - died).toBeLessThan(LEASE_MS + 6 * SECOND);
    await allAtTheGate(60_000);
    expect(await verify(at.database)).toMatchObject(asItMustBe);
    expect(survivor.called.length - before).toBeGreaterThan(10);
  }, 120_000);

  test('I13: one is stopped beyond its lease and continued: what it comes late with is refused, and it goes on anew', async () => {
    const [one, other] = [await replica(), await replica()];
    await startAll();
    await eventually(succeeded, (count) => count > (CLIENTS * TASKS) / 4, 30_000);
    const busier = one.called.length > other.called.length ? one : other;
    const stale = await epochOf(busier.pid);
    busier.signal('SIGSTOP');
    await eventually(leftWith(stale), (count) => count === 0, 30_000);
    busier.signal('SIGCONT');
    // It lives, and knows that it was away: it goes on under another epoch.
    await eventually(
      () => epochOf(busier.pid),
      (epoch) => epoch > stale,
    );
    await allAtTheGate(60_000);
    expect(await verify(at.database)).toMatchObject(asItMustBe);
  }, 120_000);

  const epochs = async () => {
    const rows = await at.database.query<{ epoch: number; name: string }>(
      'select epoch, name from processes order by epoch',
    );
    return rows.map(({ epoch, name }) => ({ epoch, pid: Number(name.split(':').at(-1)) }));
  };
  const epochOf = async (pid: number): Promise<number> => {
    const mine = (await epochs()).findLast((one) => one.pid === pid);
    if (!mine) throw new Error(`No epoch belongs to process ${pid}.`);
    return mine.epoch;
  };
  /** How many units in progress still belong to an epoch. */
  const leftWith = (epoch: number) => async (): Promise<number> =>
    (
      await at.database.query<{ count: number }>(
        `select count(*)::int as count from unit_of_works where status = 'in_progress' and owner = $1`,
        [epoch],
      )
    )[0]?.count ?? 0;
});
