import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { openPilot } from '#test/support/engine/fixtures.ts';
import { goodOutputs } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica } from '#test/support/engine/replicas.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const CLIENTS = 30;
// As by default: on a busy machine a shorter one is lost by processes that live.
const LEASE_MS = 3 * SECOND;
const clients = Array.from({ length: CLIENTS }, (_, index) => `client-${index}`);
const intents = Object.keys(goodOutputs);
const [FIRST] = intents;

const ask = async (replica: Replica, use_case: string, input: object): Promise<Output> =>
  replica.ask({ use_case, input: input as Output });

const claim = async (replica: Replica, more: object = {}): Promise<Output> =>
  (await ask(replica, 'task.claim', { intents, ...more })).output.task;

describe('tasks that are claimed from two processes', () => {
  let at: FreshDatabase;
  let door: Engine;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    at = await freshDatabase();
    door = await engineOn({
      database: at.database,
      keepDatabase: true,
      settings: { enabled: false, document: openPilot, lease_ms: LEASE_MS },
    });
    for (const _ of [1, 2])
      replicas.push(await startReplica({ url: at.url, lease_ms: LEASE_MS, task_ms: 0, pulled: true }));
    await Promise.all(clients.map((client) => door.call('journey.start', startInput(client))));
    // The replicas admit them, at a look of theirs.
    await eventually(ready, (count) => count === CLIENTS);
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((one) => one.kill()));
    await door.stop();
    await at.drop();
  });

  const ready = async (): Promise<number> =>
    (await at.database.query(`select 1 from uow_tasks where state = 'ready'`)).length;
  const both = (times: number, more: object = {}): Promise<Output[]> =>
    Promise.all(Array.from({ length: times }, (_, index) => claim(replicas[index % 2] as Replica, more)));

  const complete = async (task: Output, index: number): Promise<void> => {
    const output = goodOutputs[task.intent]?.(task.input);
    const answer = await ask(replicas[index % 2] as Replica, 'task.complete', { task_id: task.task_id, output });
    if (answer.ok !== true) throw new Error(`${task.task_id}: ${JSON.stringify(answer)}`);
  };

  test('none is handed out twice, none is lost, and all of them lead every journey to its gate', async () => {
    const first = await both(CLIENTS + 20);
    const names = first.flatMap((task) => (task === null ? [] : [task.task_id]));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(CLIENTS);

    let tasks = first.filter((task) => task !== null);
    while (tasks.length > 0) {
      await Promise.all(tasks.map(complete));
      tasks = (await both(2 * CLIENTS + 10)).filter((task) => task !== null);
    }
    expect(await verify(at.database)).toMatchObject({ broken: [], stages: { pilot: CLIENTS }, succeeded: CLIENTS * 7 });
  }, 120_000);

  test('the same request at both processes at once gets one lease', async () => {
    const same = await both(6, { request_id: 'one' });
    expect(new Set(same.map(({ task_id }) => task_id)).size).toBe(1);
  }, 60_000);

  test('I13 S60: while the breaker is half-open both together hand out three probes, and their answers close it', async () => {
    const open = { status: 'open', since: Date.now() - 3_600_000 };
    await at.database.query(
      `insert into breakers (key, version, state, at_rest, changed_at) values ($1, 1, $2, false, $3)`,
      [`intent:${FIRST}`, JSON.stringify(open), new Date()],
    );
    // Each process sees it at its next look.
    const state = (replica: Replica) => async () =>
      (await ask(replica, 'agents.check', { intent: FIRST })).output.breakers[0];
    for (const replica of replicas) await eventually(state(replica), ({ status }) => status === 'open');
    const probes = (await both(20, { intents: [FIRST] })).filter((task) => task !== null);
    expect(probes).toHaveLength(3);
    await Promise.all(probes.map(complete));
    for (const replica of replicas) await eventually(state(replica), ({ status }) => status === 'closed');
    const others = (await both(CLIENTS, { intents: [FIRST] })).filter((task) => task !== null);
    expect(others).toHaveLength(CLIENTS - 3);
  }, 120_000);

  test('I8: a claimer and the process that it spoke to are killed: the task is handed out again when its lease is over', async () => {
    const [one, other] = replicas as [Replica, Replica];
    const lost = await claim(one);
    await one.kill();
    // As if the lease had been over for a while: two minutes are too long to wait for.
    await at.database.query(
      `update uow_tasks set lease_until = lease_until - interval '1 hour' where state = 'running' and claimed_by is not null`,
    );
    const again = await eventually(
      () => claim(other, { intents: [FIRST] }),
      (task) => task?.client_id === lost.client_id,
      60_000,
    );
    expect(again).toMatchObject({ attempt: 2, idempotency_key: lost.idempotency_key });
    expect(await ask(other, 'task.complete', { task_id: lost.task_id, output: {} })).toMatchObject({
      problem: { code: 'task.superseded' },
    });
  }, 120_000);
});
