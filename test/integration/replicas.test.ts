import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { postgresDueChecks } from '#adapters/postgres/checks.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { openPilotWith } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica, type ReplicaOptions } from '#test/support/engine/replicas.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshDatabase, serverUrl, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { startTestServer, type TestServer } from '#test/support/postgres/test-server.ts';

const CLIENTS = 60;
const TASKS = 7;
// As by default: on a busy machine a shorter one is lost by replicas that live.
const LEASE_MS = 3 * SECOND;
const CAP = 8;
const WORKERS = 5;
const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${String(index).padStart(3, '0')}`);

/** So many tasks has each done before its workers hold what they have in hand: enough is left for all to get there. */
const ENDED = 40;
/** Units that an epoch has lost to another one. */
const LOST = `journey_events where type = 'unit_taken_over' and (data->>'from')::int = $1`;
const isZero = (left: number): boolean => left === 0;

/** Each has so many tasks behind it, and its workers are all busy. */
const allAtWork = (all: readonly Replica[], ended: number) =>
  eventually(
    () => Promise.resolve(all.map((one) => one.called.length)),
    (begun) => begun.every((tasks) => tasks === ended + WORKERS),
  );
const release = (all: readonly Replica[]) => Promise.all(all.map((one) => one.ask({ release: true })));

describe.each(['the server of the run', 18] as const)('three replicas on one PostgreSQL (%s)', (which) => {
  let own: TestServer | undefined;
  let at: FreshDatabase;
  let door: Engine;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    own = which === 18 ? await startTestServer({ major: 18, durability: 'none' }) : undefined;
  });
  afterAll(async () => {
    await own?.remove();
  });
  beforeEach(async () => {
    at = await freshDatabase({ server: own?.url ?? (await serverUrl()) });
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((one) => one.kill()));
    await door.stop();
    await at.drop();
  });

  async function three(more: Partial<ReplicaOptions> = {}): Promise<readonly Replica[]> {
    const { maxConcurrent = 1_000 } = more;
    // Takes requests and does nothing itself (S1), so that all the work is the replicas'.
    const settings = { enabled: false, document: openPilotWith(maxConcurrent), lease_ms: LEASE_MS };
    door = await engineOn({ database: at.database, keepDatabase: true, settings });
    const options = { url: at.url, lease_ms: LEASE_MS, task_ms: 25, poolSize: WORKERS, ...more };
    const started = await Promise.all([1, 2, 3].map(() => startReplica(options)));
    replicas.push(...started);
    expect(started.map(({ refused }) => refused)).toEqual([undefined, undefined, undefined]);
    return started;
  }
  const count = async (sql: string, values: readonly unknown[] = []): Promise<number> =>
    (await at.database.query<{ count: number }>(`select count(*)::int as count from ${sql}`, values))[0]?.count ?? 0;
  const allAtTheGate = () =>
    eventually(
      () => count(`unit_of_works where stage = 'pilot' and status = 'completed'`),
      (units) => units === CLIENTS,
    );
  const startAll = () => Promise.all(clients.map((client) => door.call('journey.start', startInput(client))));

  const asItMustBe = { broken: [], stages: { pilot: CLIENTS }, succeeded: CLIENTS * TASKS };

  test('I5: they share the work, and no task is dispatched twice', async () => {
    const all = await three({ heldFrom: 0 });
    await startAll();
    // None can take more than its workers have in hand: the rest is there for the others.
    await allAtWork(all, 0);
    await release(all);
    await allAtTheGate();
    expect(await verify(at.database)).toMatchObject({ ...asItMustBe, takenOver: expect.any(Number) as number });
    await expectBegunOnce(all);
  });

  test('I1 I5 I8 I9: one is killed in the middle of 60 journeys: the others take over, each result is recorded once', async () => {
    const all = await three({ heldFrom: ENDED });
    await startAll();
    await allAtWork(all, ENDED);
    const [victim, ...survivors] = all as [Replica, Replica, Replica];
    const dead = await epochOf(victim.pid);
    await victim.kill();
    const recorded = await results();
    const inHand = await leftWith(dead)();
    expect(inHand).toBeGreaterThan(0);
    await eventually(leftWith(dead), isZero);
    await release(survivors);
    await allAtTheGate();
    expect(await verify(at.database)).toMatchObject(asItMustBe);
    expect(await count(LOST, [dead]), 'of each unit that it had').toBeGreaterThanOrEqual(inHand);
    const early = `${LOST} and at < (select lease_until from processes where epoch = $1)`;
    expect(await count(early, [dead]), 'and of none before its lease was over').toBe(0);
    // What was in the hands of whoever lost it was begun a second time, and nothing of which there was a result.
    const twice = await expectBegunOnce(all);
    expect(twice.filter((task) => recorded.includes(task))).toEqual([]);
    expect(twice.filter((task) => victim.called.includes(task))).toHaveLength(WORKERS);
  });

  test('I13: one is stopped beyond its lease and continued: what it comes late with is refused, and it goes on anew', async () => {
    const all = await three({ heldFrom: ENDED });
    await startAll();
    await allAtWork(all, ENDED);
    const [victim, ...others] = all as [Replica, Replica, Replica];
    const stale = await epochOf(victim.pid);
    victim.signal('SIGSTOP');
    await release(others);
    // Its lease is over, and the others have what it had.
    await eventually(() => count('processes where epoch = $1 and lease_until > clock_timestamp()', [stale]), isZero);
    await eventually(leftWith(stale), isZero);
    const recordedBy = () =>
      at.database.query(
        `select client_id, seq, type, data, at from journey_events where request_id like $1 order by at, client_id, seq`,
        [`e${stale}-%`],
      );
    const before = await recordedBy();
    // The first that it hears is that what it had in hand is done.
    const heard = release([victim]);
    victim.signal('SIGCONT');
    await heard;
    // It lives, and knows that it was away: it goes on under another epoch.
    await eventually(
      () => epochOf(victim.pid),
      (epoch) => epoch > stale,
    );
    await allAtTheGate();
    expect((await recordedBy()).slice(before.length)).toEqual([]);
    expect(await verify(at.database)).toMatchObject(asItMustBe);
  });

  test('S2 I10: the cap holds over all of them at every look, whoever is asked to start, and everybody has a turn', async () => {
    const all = await three({ maxConcurrent: CAP });
    const few = clients.slice(0, 5 * CAP);
    await Promise.all(
      few.map((client, index) =>
        (all[index % all.length] as Replica).ask({ use_case: 'journey.start', input: startInput(client) }),
      ),
    );
    const seen: number[] = [];
    let completed = 0;
    const until = performance.now() + 120_000;
    while (completed < few.length && performance.now() < until) {
      seen.push(await count('journey_states where holds_slot'));
      const ready = await at.database.query<{ client_id: string }>(
        `select j.client_id from journey_states j join unit_of_works u on u.client_id = j.client_id and u.stage = 'pilot'
         where j.status = 'active' and u.status = 'completed'`,
      );
      await Promise.all(
        ready.map(({ client_id }, index) =>
          (all[index % all.length] as Replica).ask({
            use_case: 'journey.complete',
            input: { client_id, reason: 'makes room' },
          }),
        ),
      );
      completed = await count(`journey_states where status = 'completed'`);
    }
    expect(completed).toBe(few.length);
    expect(Math.max(...seen)).toBeLessThanOrEqual(CAP);
    expect(await count(`journey_events where type = 'stage_entered' and data->>'kind' = 'start'`)).toBe(few.length);
    expect((await verify(at.database)).broken).toEqual([]);
  });

  test('S65: what is due is looked at by one of them, not by all', async () => {
    await three();
    await startAll();
    await allAtTheGate();
    const elsewhere = await Promise.all([1, 2].map(() => openServer({ server: at.url })));
    try {
      const lookers = [at.database, ...elsewhere].map(postgresDueChecks);
      const now = Date.now() + 3_600_000;
      // Each takes what the others leave, until nothing is due any more.
      const taken = await Promise.all(
        lookers.map(async (looker) => {
          const mine: string[] = [];
          for (;;) {
            const batch = await looker.claim(now, now + 3_600_000, 7);
            if (batch.length === 0) return mine;
            mine.push(...batch);
          }
        }),
      );
      expect(taken.flat().toSorted()).toEqual(clients);
    } finally {
      await Promise.all(elsewhere.map((one) => one.close()));
    }
  });

  const epochOf = async (pid: number): Promise<number> => {
    const rows = await at.database.query<{ epoch: number }>(
      `select epoch from processes where name like '%:' || $1::text order by epoch desc limit 1`,
      [String(pid)],
    );
    if (!rows[0]) throw new Error(`No epoch belongs to process ${pid}.`);
    return rows[0].epoch;
  };
  /** All tasks have begun; more than once only those of units that somebody had lost: they are answered. */
  async function expectBegunOnce(all: readonly Replica[]): Promise<readonly string[]> {
    const called = all.flatMap((one) => one.called);
    expect(new Set(called).size).toBe(CLIENTS * TASKS);
    const twice = called.filter((one, index) => called.indexOf(one) !== index);
    const lost = await at.database.query<{ work_id: string }>(
      `select data->>'work_id' as work_id from journey_events where type = 'unit_taken_over' and data->>'from' is not null`,
    );
    const units = new Set(lost.map(({ work_id }) => work_id));
    expect(twice.filter((one) => !units.has(one.split('/')[0] ?? ''))).toEqual([]);
    return twice;
  }
  const results = async (): Promise<readonly string[]> => {
    const rows = await at.database.query<{ task: string }>(
      `select data->>'work_id' || '/' || (data->>'task_id') as task from journey_events where type = 'task_succeeded'`,
    );
    return rows.map(({ task }) => task);
  };
  /** How many units in progress still belong to an epoch. */
  const leftWith = (epoch: number) => () => count(`unit_of_works where status = 'in_progress' and owner = $1`, [epoch]);
});
