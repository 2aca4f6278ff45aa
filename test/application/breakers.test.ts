import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import type { JsonObject } from '#core/json.ts';
import type { Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { documentWith, quiet, robot, smallDocument } from '#test/support/engine/fixtures.ts';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const worker: Principal = { ...robot, id: 'worker', roles: ['viewer'] };
const INTENT = 'do_one';
const quick = { ...documentWith({}).timeouts, task_execution_seconds: 5 };
const documentOf = (parts: JsonObject = {}) =>
  smallDocument([{ id: 'sandbox', tasks: [{ id: 'one', retries: 8, backoff: 'none' }] }, { id: 'production' }], {
    timeouts: quick,
    ...parts,
  });
const clients = Array.from({ length: 8 }, (_, index) => `client-${index}`);

describe('a breaker around the agents of an intent', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let agents: ScriptedAgents;
  let engine: Engine;
  let alerts: JsonObject[];

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    agents = scriptedAgents({ [INTENT]: () => ({}) });
    alerts = [];
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  const logger: Logger = { ...quiet, warn: (message, fields) => void alerts.push({ message, ...fields }) };
  const begin = async (parts: JsonObject = {}, functions = agents.functions): Promise<void> => {
    engine = await engineOn({
      database: at.database,
      clock,
      logger,
      functions,
      settings: { document: documentOf(parts), workerPoolSize: 20 },
    });
  };
  const startAll = () => Promise.all(clients.map((client) => engine.call('journey.start', startInput(client))));
  const breaker = async (): Promise<Output> => (await engine.call('agents.check', { intent: INTENT })).breakers[0];
  const tasks = (): Promise<Output[]> =>
    Promise.all(
      clients.map(async (client) => (await engine.show(client)).units[0]?.tasks[0] ?? { status: 'succeeded' }),
    );
  const later = <T>(ask: () => Promise<T>, fits: (answer: T) => boolean, step_ms = 500): Promise<T> =>
    eventually(async () => {
      await clock.advance(step_ms);
      return ask();
    }, fits);
  const named = (alert: string) => alerts.filter((one) => one['alert'] === alert);
  const claim = async (): Promise<Output> => (await engine.call('task.claim', { intents: [INTENT] }, worker)).task;
  /** Functions that never answer: each attempt times out. */
  const silence = () => agents.does(INTENT, () => new Promise(() => undefined));

  test('S57 S58: timeouts in a row open it; tasks then wait without spending attempts, and somebody is told once', async () => {
    await begin();
    silence();
    await startAll();
    expect(await later(breaker, ({ status }) => status === 'open')).toMatchObject({ failures: null, probes: 0 });
    const held = await later(tasks, (all) => all.every(({ status }) => status === 'waiting_for_breaker'));
    const called = agents.calls.length;
    const attempts = held.map(({ attempt }) => attempt);
    await clock.advance(30 * SECOND);
    expect((await tasks()).map(({ attempt }) => attempt)).toEqual(attempts);
    expect(agents.calls).toHaveLength(called);
    expect(named('breaker_open')).toEqual([expect.objectContaining({ breaker: `intent:${INTENT}` })]);
    expect(named('task_timed_out').length).toBeGreaterThanOrEqual(5);
    expect((await engine.show('client-0')).waiting_for).toContain('failed too often in a row');
    const [unit] = (await engine.call('work.show', { client_id: 'client-0' })).units;
    expect(unit.tasks[0].status).toBe('waiting_for_breaker');
  });

  test('S59 S60: after its timeout three probes go ahead and no more; their answers close it and all the others go on', async () => {
    await begin();
    silence();
    await startAll();
    await later(tasks, (all) => all.every(({ status }) => status === 'waiting_for_breaker'));
    const held = agents.hold(INTENT);
    await later(breaker, ({ status, probes }) => status === 'half_open' && probes === 3, SECOND);
    const probes = [await held.next(), await held.next(), await held.next()];
    await clock.advance(2 * SECOND);
    expect(held.waiting()).toBe(0);
    agents.does(INTENT, () => Promise.resolve({}));
    for (const probe of probes) probe.succeed();
    await later(breaker, ({ status }) => status === 'closed');
    await later(tasks, (all) => all.every(({ status }) => status === 'succeeded'));
  });

  test('S60: one probe that fails opens it again for as long', async () => {
    await begin();
    silence();
    await startAll();
    const first = await later(breaker, ({ status }) => status === 'open');
    await later(breaker, ({ status }) => status === 'half_open', SECOND);
    const again = await later(breaker, ({ status }) => status === 'open', SECOND);
    expect(Date.parse(again.opened_at)).toBeGreaterThan(Date.parse(first.opened_at) + 60 * SECOND);
    expect(named('breaker_open'), 'told when it began, not each time').toHaveLength(1);
  });

  test('S58: an agent that says no is an agent that works: failed, refused and misfit tasks do not open it', async () => {
    await begin();
    agents.does(INTENT, () => Promise.reject(new Error('this client has no licence')));
    await startAll();
    await later(tasks, (all) => all.every(({ status }) => status === 'failed'));
    expect(await breaker()).toMatchObject({ status: 'closed', failures: 0 });
    expect(named('unit_failed')).toHaveLength(clients.length);
  });

  test('S57: with circuit_breaker.enabled false attempts follow each other whatever became of the ones before', async () => {
    await begin({ circuit_breaker: { ...documentOf().circuit_breaker, enabled: false } });
    silence();
    await startAll();
    await later(tasks, (all) => all.every(({ status }) => status === 'failed'), SECOND);
    expect(await breaker()).toMatchObject({ status: 'closed' });
    expect(agents.calls).toHaveLength(9 * clients.length);
  });

  test('S60: claims of pulled tasks are held back by it: none while it is open, three as probes', async () => {
    await begin({}, {});
    await startAll();
    for (let lost = 0; lost < 5; lost += 1) expect(await claim()).not.toBeNull();
    await later(breaker, ({ status }) => status === 'open');
    expect(await claim()).toBeNull();
    await later(breaker, ({ probes_from }) => Date.parse(probes_from) <= clock.machine(), SECOND);
    const probes = await Promise.all(clients.map(claim));
    const got = probes.filter((task) => task !== null);
    expect(got).toHaveLength(3);
    for (const task of got) await engine.call('task.complete', { task_id: task.task_id, output: {} }, worker);
    await later(breaker, ({ status }) => status === 'closed');
    expect(await claim()).not.toBeNull();
  });

  test('S60: the place of a probe whose work is cancelled is free for another one', async () => {
    await begin({}, {});
    await startAll();
    for (let lost = 0; lost < 5; lost += 1) await claim();
    await later(breaker, ({ status }) => status === 'open');
    await later(breaker, ({ probes_from }) => Date.parse(probes_from) <= clock.machine(), SECOND);
    const [first] = [await claim(), await claim(), await claim()];
    expect(await claim()).toBeNull();
    await engine.call('journey.complete', { client_id: first.client_id, reason: 'over' });
    await later(breaker, ({ probes }) => probes === 2);
    expect(await claim()).not.toBeNull();
  });
});
