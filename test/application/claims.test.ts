import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { catalogue } from '#application/catalogue.ts';
import type { Principal } from '#application/principal.ts';
import { goodOutputs } from '#test/support/engine/agents.ts';
import { olga, openPilot, robot, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const worker: Principal = { ...robot, id: 'worker', roles: ['viewer'] };
const other: Principal = { ...worker, id: 'other' };
const FIRST = 'provision_sandbox_environment';
const ALL = Object.keys(goodOutputs);

const taskOf = (journey: Output, id: string): Output =>
  journey.units.flatMap(({ tasks }: Output) => tasks).find(({ task_id }: Output) => task_id === id);

/** What the claimer of a task would send to this use-case. */
const saying = (useCase: string, { task_id, intent, input }: Output) => ({
  task_id,
  ...(useCase === 'task.complete' ? { output: goodOutputs[intent]?.(input) ?? {} } : {}),
  ...(useCase === 'task.fail' ? { message: 'no' } : {}),
});

describe('tasks that are pulled', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let engine: Engine;

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    engine = await engineOn({ database: at.database, clock, settings: { document: openPilot } });
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  const start = (client = 'acme') => engine.call('journey.start', startInput(client));
  const claim = async (as = worker, more: object = {}): Promise<Output> =>
    (await engine.call('task.claim', { intents: ALL, ...more }, as)).task;
  const complete = (task: Output, as = worker, output: Output = goodOutputs[task.intent]?.(task.input)) =>
    engine.call('task.complete', { task_id: task.task_id, output }, as);
  const beat = (task: Output, as = worker, more: object = {}): Promise<Output> =>
    engine.call('task.heartbeat', { task_id: task.task_id, ...more }, as);
  const later = (looksSo: (journey: Output) => boolean, step_ms = 500): Promise<Output> =>
    eventually(async () => {
      await clock.advance(step_ms);
      return engine.show('acme');
    }, looksSo);

  test('S84 S85 S86 S87: an agent that only claims takes a journey through the sandbox, one task after the other', async () => {
    await start();
    const done: string[] = [];
    for (let task = await claim(); task; task = await claim()) {
      done.push(task.task);
      await complete(task);
    }
    expect(done).toEqual([
      'provision_infra',
      'install_connectors',
      'provision_test_data',
      'run_security_scan',
      'deploy_to_production',
      'configure_user_access',
      'setup_monitoring',
    ]);
    expect(await engine.show('acme')).toMatchObject({ stage: 'pilot', units: [{ status: 'completed' }] });
  });

  test('S92: the assignment says all that doing it needs, with its schemas as JSON Schema', async () => {
    await start();
    expect(await claim()).toEqual({
      task_id: 'task-acme:1:sandbox_setup:provision_infra:1:1',
      client_id: 'acme',
      work_id: 'uow-acme:1:sandbox_setup',
      task: 'provision_infra',
      name: expect.any(String),
      intent: FIRST,
      stage: 'sandbox',
      attempt: 1,
      max_attempts: 4,
      idempotency_key: 'uow-acme:1:sandbox_setup/provision_infra/1',
      input: { client_id: 'acme', data_sources: ['jira', 'slack'] },
      input_schema: {
        type: 'object',
        properties: { client_id: { type: 'string' }, data_sources: { type: 'array' } },
        required: ['client_id', 'data_sources'],
      },
      output_schema: {
        type: 'object',
        properties: { environment_id: { type: 'string' }, status: { type: 'string' } },
        required: ['environment_id', 'status'],
      },
      lease_until: new Date(clock.machine() + 120 * SECOND).toISOString(),
      deadline: new Date(clock.machine() + 1_200 * SECOND).toISOString(),
      heartbeat_every_seconds: 40,
    });
    expect(taskOf(await engine.show('acme'), 'provision_infra').status).toBe('running');
  });

  test('nothing to do is an empty answer; a task that is claimed is nobody else’s', async () => {
    expect(await claim()).toBeNull();
    await start();
    expect(await claim(worker, { intents: ['run_security_scan'] })).toBeNull();
    expect((await claim()).task).toBe('provision_infra');
    expect(await claim(other)).toBeNull();
  });

  test('a claim that waits gets what becomes ready meanwhile', async () => {
    const waiting = claim(worker, { wait_seconds: 20 });
    await start();
    const answered = await eventually(
      async () => {
        await clock.advance(SECOND);
        return Promise.race([waiting, Promise.resolve(undefined)]);
      },
      (task) => task !== undefined,
    );
    expect(answered.task).toBe('provision_infra');
    const empty = claim(worker, { wait_seconds: 2 });
    await eventually(
      async () => {
        await clock.advance(SECOND);
        return Promise.race([empty, Promise.resolve('waits')]);
      },
      (task) => task === null,
    );
  });

  test('nothing is claimed for a caller that has hung up', async () => {
    const useCase = catalogue.find(({ name }) => name === 'task.claim');
    if (!useCase) throw new Error('There is no task.claim.');
    const caller = new AbortController();
    const waiting = engine.orchestrator.execute(
      useCase,
      { principal: worker, door: 'rest', requestId: 'hangs-up', signal: caller.signal },
      { intents: ALL, wait_seconds: 20 },
    );
    caller.abort();
    await start();
    await clock.advance(5 * SECOND);
    expect(await waiting).toEqual({ ok: true, output: { task: null } });
    expect((await claim(other)).task).toBe('provision_infra');
  });

  test('the same request id gets the same lease, one after the other and at once; another one gets other work', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map(start));
    const first = await claim(worker, { request_id: 'r1' });
    expect(await claim(worker, { request_id: 'r1' })).toEqual(first);
    const [one, same] = await Promise.all([claim(worker, { request_id: 'r2' }), claim(worker, { request_id: 'r2' })]);
    expect(one.task_id).toBe(same.task_id);
    expect(one.task_id).not.toBe(first.task_id);
    expect((await claim(other, { request_id: 'r1' })).task_id).not.toBe(first.task_id);
    const keyed = await engine.call('task.claim', { intents: ALL }, worker, 'key-1');
    expect(await engine.call('task.claim', { intents: ALL }, worker, 'key-1')).toEqual(keyed);
  });

  test('the same request gets its task back when its lease is over and no process has noticed it', async () => {
    await start();
    const first = await claim(worker, { request_id: 'r1' });
    await at.database.query(
      `update uow_tasks set lease_until = lease_until - interval '3 minutes' where claimed_by = 'worker'`,
    );
    const again = await claim(worker, { request_id: 'r1' });
    expect(again.task_id).toBe(first.task_id);
    expect(Date.parse(again.lease_until)).toBeGreaterThan(clock.machine());
  });

  test('S92: an output that breaks the schema is refused by its paths and keeps the lease', async () => {
    await start();
    const task = await claim();
    const refused = await engine.refused(
      'task.complete',
      { task_id: task.task_id, output: { environment_id: 7 } },
      worker,
    );
    expect(refused).toMatchObject({
      code: 'task.output_invalid',
      details: {
        // The store keeps the fields in an order of its own.
        problems: expect.arrayContaining([
          { path: 'environment_id', problem: 'is a number, must be a string' },
          { path: 'status', problem: 'is missing, must be a string' },
        ]),
      },
    });
    expect(await beat(task)).toMatchObject({ cancelled: false });
    await complete(task);
    expect(taskOf(await engine.show('acme'), 'provision_infra').status).toBe('succeeded');
  });

  test('I13 S4 S50: a lease that runs out counts as a timed out attempt; what the zombie brings is refused', async () => {
    await start();
    const dead = await claim();
    await clock.advance(119 * SECOND);
    expect(await claim(other)).toBeNull();
    const journey = await later((seen) => taskOf(seen, 'provision_infra').status === 'retry_wait');
    expect(taskOf(journey, 'provision_infra')).toMatchObject({ attempt: 2, error: { code: 'task.timed_out' } });
    expect(taskOf(journey, 'provision_infra').error.message).toContain('worker gave no sign of life');
    await later((seen) => taskOf(seen, 'provision_infra').status === 'ready');
    const again = await claim(other);
    expect(again).toMatchObject({ attempt: 2, idempotency_key: dead.idempotency_key });
    for (const useCase of ['task.complete', 'task.heartbeat', 'task.fail'])
      expect((await engine.refused(useCase, saying(useCase, dead), worker)).code).toBe('task.superseded');
    // Not even under the name of the attempt that is under way.
    expect((await engine.refused('task.complete', saying('task.complete', again), worker)).code).toBe(
      'task.superseded',
    );
    await complete(again, other);
  });

  test('S4: heartbeats renew the lease, and none carries a task beyond its deadline', async () => {
    await engine.stop();
    at = await freshEmbedded();
    const timeouts = { ...openPilot.timeouts, task_max_seconds: 200 };
    engine = await engineOn({
      database: at.database,
      clock,
      settings: { document: { ...openPilot, timeouts } },
    });
    await start();
    const task = await claim();
    await clock.advance(100 * SECOND);
    expect((await beat(task)).lease_until, 'not beyond the deadline').toBe(task.deadline);
    await clock.advance(90 * SECOND);
    expect(taskOf(await engine.show('acme'), 'provision_infra').status).toBe('running');
    await beat(task);
    const journey = await later((seen) => taskOf(seen, 'provision_infra').status === 'retry_wait');
    expect(taskOf(journey, 'provision_infra').error.message).toContain('in the time that it may take');
  });

  test('S143: after a rollback the heartbeat says that the work is cancelled, and the result is refused', async () => {
    await start();
    for (let task = await claim(); task.stage === 'sandbox'; task = await claim()) {
      await complete(task);
      if (task.task === 'run_security_scan') break;
    }
    const deploy = await claim();
    expect(deploy).toMatchObject({ stage: 'pilot', task: 'deploy_to_production' });
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'wrong' });
    expect(await beat(deploy)).toMatchObject({ cancelled: true, lease_until: null });
    expect((await engine.refused('task.complete', saying('task.complete', deploy), worker)).code).toBe(
      'task.superseded',
    );
  });

  test('S97: what its claimer calls failed is tried again by its policy, or not at all if it says so', async () => {
    await start();
    const task = await claim();
    expect(await engine.call('task.fail', { task_id: task.task_id, message: 'no disk' }, worker)).toMatchObject({
      status: 'retry_wait',
      unit_status: 'in_progress',
    });
    await later((seen) => taskOf(seen, 'provision_infra').status === 'ready');
    const again = await claim();
    const ended = await engine.call(
      'task.fail',
      { task_id: again.task_id, message: 'no licence', retryable: false },
      worker,
    );
    expect(ended).toMatchObject({ status: 'failed', retry_at: null, unit_status: 'failed' });
    expect(taskOf(await engine.show('acme'), 'provision_infra').error).toEqual({
      code: 'task.failed',
      message: 'no licence',
    });
  });

  test('said twice in the same words a result is recorded once and answered the same', async () => {
    await start();
    const task = await claim();
    expect(await complete(task)).toEqual(await complete(task));
    const changed = { environment_id: 'another', status: 'ready' };
    expect((await engine.refused('task.complete', { task_id: task.task_id, output: changed }, worker)).code).toBe(
      'idempotency.conflict',
    );
  });

  test('a token limited to intents or clients gets nothing else; a user who does not run journeys gets nothing', async () => {
    await Promise.all(['acme', 'beta'].map(start));
    const scanner: Principal = { ...worker, intents: ['run_security_scan'] };
    const refused = await engine.refused('task.claim', { intents: [FIRST, 'run_security_scan'] }, scanner);
    expect(refused).toMatchObject({ code: 'auth.forbidden' });
    expect(refused.message).toContain(`may not do ${FIRST}`);
    const ofBeta: Principal = { ...worker, clients: ['beta'] };
    const task = await claim(ofBeta);
    expect(task.client_id).toBe('beta');
    expect(await claim(ofBeta)).toBeNull();
    const ofAcme: Principal = { ...worker, clients: ['acme'] };
    expect((await engine.refused('task.heartbeat', { task_id: task.task_id }, ofAcme)).code).toBe('journey.unknown');
    expect((await engine.refused('task.claim', { intents: ALL }, { ...olga, roles: ['viewer'] })).code).toBe(
      'auth.forbidden',
    );
    expect((await claim(olga)).client_id).toBe('acme');
  });

  test('a task of a unit that has failed is nobody’s until it is retried', async () => {
    await engine.stop();
    at = await freshEmbedded();
    const document = smallDocument([
      { id: 'sandbox', tasks: [{ id: 'one', retries: 0 }, { id: 'two' }] },
      { id: 'production' },
    ]);
    engine = await engineOn({ database: at.database, clock, settings: { document } });
    await start();
    const one = (await engine.call('task.claim', { intents: ['do_one'] }, worker)).task;
    await engine.call('task.fail', { task_id: one.task_id, message: 'no' }, worker);
    expect((await engine.call('task.claim', { intents: ['do_two'] }, worker)).task).toBeNull();
    await engine.call('work.retry', { work_id: one.work_id });
    expect((await engine.call('task.claim', { intents: ['do_two'] }, worker)).task.task).toBe('two');
  });

  test.each([
    [{ intents: [] }, /at least one intent/],
    [{ intents: ['a'], wait_seconds: 60 }, /wait_seconds/],
    [{ task_id: 'task-acme' }, /task_id/],
  ])('%j is refused with what is wrong', async (input, why) => {
    const useCase = 'intents' in input ? 'task.claim' : 'task.heartbeat';
    expect(await engine.refused(useCase, input, worker)).toMatchObject({
      code: 'input.invalid',
      message: expect.stringMatching(why),
    });
  });
});
