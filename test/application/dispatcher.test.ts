import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { realDocument } from '#test/support/engine/fixtures.ts';
import {
  engineOn,
  eventually,
  startInput,
  type Engine,
  type EngineOptions,
  type Output,
} from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const task = (journey: Output, id: string): Output =>
  journey.units.flatMap(({ tasks }: Output) => tasks).find(({ task_id }: Output) => task_id === id);
const isIn = (id: string, status: string) => (journey: Output) => task(journey, id)?.status === status;
const FIRST = 'provision_sandbox_environment';

describe('tasks done by functions of this process', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let agents: ScriptedAgents;
  let engine: Engine;

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    agents = scriptedAgents();
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  async function begin(options: Partial<EngineOptions> = {}): Promise<void> {
    engine = await engineOn({ database: at.database, functions: agents.functions, clock, ...options });
  }
  /** Moves time on in steps until the journey looks so: what a step starts may need the database before the next one. */
  const later = (client: string, looksSo: (journey: Output) => boolean, step_ms = 500): Promise<Output> =>
    eventually(async () => {
      await clock.advance(step_ms);
      return engine.show(client);
    }, looksSo);
  const failTimes = (intent: string, times: number): void => {
    let left = times;
    agents.does(intent, () => {
      left -= 1;
      return left >= 0
        ? Promise.reject(new Error('not yet'))
        : Promise.resolve({ environment_id: 'env-1', status: 'ready' });
    });
  };
  const attempts = (intent: string) => agents.calls.filter((call) => call.intent === intent);

  test('S84 S87: the four tasks of the sandbox are done in their order, each once', async () => {
    await begin();
    await engine.call('journey.start', startInput('acme'));
    const journey = await engine.until('acme', ({ units }) => units[0].status === 'completed');
    expect(agents.calls.map(({ taskId }) => taskId)).toEqual([
      'provision_infra',
      'install_connectors',
      'provision_test_data',
      'run_security_scan',
    ]);
    expect(journey.criteria.find(({ check_id }: Output) => check_id === 'security_scan').outcome).toBe('passed');
  });

  test('S53 S55 S97: what fails is tried again after growing pauses, under one idempotency key', async () => {
    await begin();
    failTimes(FIRST, 3);
    const began = clock.machine();
    await engine.call('journey.start', startInput('acme'));
    await later('acme', isIn('provision_infra', 'succeeded'));
    expect(attempts(FIRST).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(attempts(FIRST).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    // 2 + 4 + 8 s, each shortened by at most a fifth.
    expect(clock.machine() - began).toBeGreaterThanOrEqual(0.8 * 14 * SECOND);
  });

  test('I14 S151: after 1 + max_retries attempts the unit fails; retry-tasks gives the next generation as many', async () => {
    await begin();
    failTimes(FIRST, 4);
    await engine.call('journey.start', startInput('acme'));
    const journey = await later('acme', ({ units }) => units[0].status === 'failed');
    expect(attempts(FIRST)).toHaveLength(4);
    expect(journey.waiting_for).toContain('next: mend what the error names, then retry the failed tasks');
    await engine.call('work.retry', { work_id: 'uow-acme:1:sandbox_setup' });
    await later('acme', ({ units }) => units[0].status === 'completed');
    expect(attempts(FIRST).at(-1)).toMatchObject({ generation: 2, attempt: 1 });
    expect((await engine.refused('work.retry', { work_id: 'uow-acme:1:sandbox_setup' })).code).toBe(
      'work.nothing_failed',
    );
  });

  test('S4 S50: a function that gives no result in time is told to stop, and its task is tried again', async () => {
    await begin();
    const held = agents.hold(FIRST);
    await engine.call('journey.start', startInput('acme'));
    const first = await held.next();
    await clock.advance(119 * SECOND);
    expect(first.signal.aborted).toBe(false);
    await later('acme', isIn('provision_infra', 'retry_wait'));
    expect(first.signal.aborted).toBe(true);
    await later('acme', isIn('provision_infra', 'running'));
    const second = await held.next();
    expect(second.assignment).toMatchObject({ attempt: 2 });
    first.succeed({ environment_id: 'late', status: 'late' });
    second.succeed();
    await engine.until('acme', ({ units }) => units[0].status === 'completed');
    expect(attempts('install_connectors')[0]?.input).toMatchObject({ environment_id: 'env-1' });
  });

  test('S48: no more functions run at once than worker_pool_size says; the others wait for their turn', async () => {
    await begin({ settings: { workerPoolSize: 3 } });
    const held = agents.hold(FIRST);
    const clients = Array.from({ length: 8 }, (_, index) => `client-${index}`);
    await Promise.all(clients.map((client) => engine.call('journey.start', startInput(client))));
    const running = [await held.next(), await held.next(), await held.next()];
    expect(held.waiting()).toBe(0);
    for (let done = 0; done < 8; done += 1) {
      running.shift()?.succeed();
      if (done < 5) running.push(await held.next());
      expect(running.length + held.waiting()).toBeLessThanOrEqual(3);
    }
    await Promise.all(clients.map((client) => engine.until(client, ({ units }) => units[0].status === 'completed')));
    expect(attempts(FIRST)).toHaveLength(8);
  });

  test('I12: work of a process that is gone is taken over also where every worker is busy, and done when one is free', async () => {
    const settings = { workerPoolSize: 1 };
    await begin({ settings, keepDatabase: true });
    const held = agents.hold(FIRST);
    const clients = ['one', 'two', 'three'];
    await Promise.all(clients.map((client) => engine.call('journey.start', startInput(client))));
    const running = await held.next();
    const other = scriptedAgents();
    other.hold(FIRST);
    const gone = await engineOn({
      database: at.database,
      functions: other.functions,
      clock,
      settings,
      keepDatabase: true,
    });
    await gone.call('journey.start', startInput('lost'));
    await eventually(
      async () => {
        await clock.advance(500);
        return other.calls.length;
      },
      (calls) => calls === 1,
    );
    await gone.stop();
    await clock.advance(3 * SECOND);
    const isMine = () =>
      at.database.query(
        `select 1 from unit_of_works u join processes p on p.epoch = u.owner
         where u.client_id = 'lost' and p.lease_until > to_timestamp($1::float8 / 1000)`,
        [clock.machine()],
      );
    expect(await isMine(), 'it is taken over while nobody is free').toHaveLength(1);
    expect(attempts(FIRST)).toHaveLength(1);
    running.succeed();
    for (let left = 3; left > 0; left -= 1) (await held.next()).succeed();
    await later('lost', ({ units }) => units[0].status === 'completed');
  });

  test('S91: tasks that do not depend on each other run at the same time', async () => {
    const open = realDocument.stages.map((stage) => ({ ...stage, exit_criteria: [] }));
    await begin({ settings: { document: { ...realDocument, stages: open } } });
    const [access, monitoring] = [agents.hold('configure_user_access'), agents.hold('setup_monitoring')];
    await engine.call('journey.start', startInput('acme'));
    const both = await Promise.all([access.next(), monitoring.next()]);
    for (const call of both) call.succeed();
    expect(await engine.until('acme', ({ stage }) => stage === 'production')).toMatchObject({
      completed_stages: ['sandbox', 'pilot'],
    });
  });

  test('S143: a rollback tells the running function to stop, and its late result changes nothing', async () => {
    const open = realDocument.stages.map((stage) => ({ ...stage, exit_criteria: [] }));
    await begin({ settings: { document: { ...realDocument, stages: open } } });
    const held = agents.hold('deploy_production_environment');
    await engine.call('journey.start', startInput('acme'));
    const running = await held.next();
    agents.hold(FIRST);
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'wrong' });
    expect(running.signal.aborted).toBe(true);
    running.succeed();
    const { version } = await engine.show('acme');
    await clock.advance(5 * SECOND);
    expect(await engine.show('acme')).toMatchObject({ stage: 'sandbox', stage_entry: 3, version });
  });

  test('I13: a process that missed its own lease goes on under a new epoch with what it was doing', async () => {
    await begin();
    const held = agents.hold(FIRST);
    await engine.call('journey.start', startInput('acme'));
    const call = await held.next();
    await lapse();
    await eventually(
      async () => {
        await clock.advance(SECOND);
        return eventTypes('acme');
      },
      (types) => types.includes('unit_taken_over'),
    );
    call.succeed();
    await later('acme', ({ units }) => units[0].status === 'completed');
    expect(attempts(FIRST), 'nothing was done twice').toHaveLength(1);
  });

  test('I13: the same when the result comes in while the unit is being taken over', async () => {
    await begin();
    const held = agents.hold(FIRST);
    await Promise.all(['a', 'b', 'c', 'd'].map((client) => engine.call('journey.start', startInput(client))));
    const calls = [await held.next(), await held.next(), await held.next(), await held.next()];
    await lapse();
    for (const call of calls) {
      await clock.advance(800);
      call.succeed();
    }
    const done = calls.map(({ assignment }) =>
      later(assignment.clientId, ({ units }) => units[0].status === 'completed'),
    );
    expect(await Promise.all(done)).toHaveLength(calls.length);
  });

  test.each([
    [
      'a NUL in its output',
      () => Promise.resolve({ environment_id: `env${String.fromCodePoint(0)}`, status: 'ready' }),
    ],
    ['half a character in its output', () => Promise.resolve({ environment_id: '\ud83d', status: 'ready' })],
    ['a NUL in its error', () => Promise.reject(new Error(`no${String.fromCodePoint(0)}`))],
  ])('a task with %s fails with a reason instead of running for ever', async (_, act) => {
    await begin();
    agents.does(FIRST, act);
    await engine.call('journey.start', startInput('acme'));
    const journey = await later('acme', ({ units }) => units[0].status === 'failed');
    expect(task(journey, 'provision_infra').error.code).toMatch(/^task\.(output_invalid|failed)$/);
    expect((await engine.call('work.show', { client_id: 'acme' })).units[0].tasks[0].status).toBe('failed');
  });

  test('a function that throws before it answers with a promise fails its attempt, not the process', async () => {
    await begin();
    agents.does(FIRST, () => {
      throw new Error('at once');
    });
    await engine.call('journey.start', startInput('acme'));
    const journey = await later('acme', isIn('provision_infra', 'retry_wait'));
    expect(task(journey, 'provision_infra').error.message).toBe('at once');
  });

  test('stopping does not wait for a function that heeds no signal; another process does its task', async () => {
    await begin({ keepDatabase: true });
    const held = agents.hold(FIRST);
    await engine.call('journey.start', startInput('acme'));
    const call = await held.next();
    await engine.stop();
    expect(call.signal.aborted).toBe(true);
    agents.does(FIRST, () => Promise.resolve({ environment_id: 'env-2', status: 'ready' }));
    await begin();
    await later('acme', ({ units }) => units[0].status === 'completed');
  });

  /** The lease ends between a look at what is abandoned (each second) and the next renewal, which then finds it over. */
  const lapse = async (): Promise<void> => {
    await clock.advance(1_100);
    await at.database.query('update processes set lease_until = started_at');
  };
  const eventTypes = async (client: string): Promise<readonly string[]> =>
    (await engine.call('journey.history', { client_id: client })).events.map(({ type }: Output) => type);
});
