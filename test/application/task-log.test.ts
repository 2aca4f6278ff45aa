import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import type { JsonObject } from '#core/json.ts';
import type { Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { openPilot, quiet, robot, smallDocument } from '#test/support/engine/fixtures.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const worker: Principal = { ...robot, id: 'worker', roles: ['viewer'] };
const FIRST = 'provision_sandbox_environment';
const WORK = 'uow-acme:1:sandbox_setup';

describe('what is told about tasks', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let engine: Engine;
  let alerts: JsonObject[];

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    alerts = [];
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  const logger: Logger = { ...quiet, warn: (message, fields) => void alerts.push({ message, ...fields }) };
  const begin = async (document = openPilot, functions = {}): Promise<void> => {
    engine = await engineOn({ database: at.database, clock, logger, functions, settings: { document } });
    await engine.call('journey.start', startInput('acme'));
  };
  const claim = async (): Promise<Output> => (await engine.call('task.claim', { intents: [FIRST] }, worker)).task;
  const log = (more: JsonObject = {}) => engine.call('work.log', { work_id: WORK, ...more });
  const later = (looksSo: (unit: Output) => boolean): Promise<Output> =>
    eventually(async () => {
      await clock.advance(SECOND);
      return (await engine.show('acme')).units[0];
    }, looksSo);

  test('S152: the log has every attempt with who had it, its progress, its error, and what became of it, in order', async () => {
    await begin();
    const task = await claim();
    await engine.call('task.heartbeat', { task_id: task.task_id, percent: 40, message: 'building' }, worker);
    await engine.call('task.heartbeat', { task_id: task.task_id }, worker);
    await engine.call('task.fail', { task_id: task.task_id, message: 'no disk' }, worker);
    await later(({ tasks }) => tasks[0].status === 'ready');
    const again = await claim();
    const output = { environment_id: 'env-1', status: 'ready' };
    await engine.call('task.complete', { task_id: again.task_id, output }, worker);
    const { entries } = await log();
    const told = entries.map(({ type, task: of, attempt, message, actor }: Output) => ({
      type,
      of,
      attempt,
      message,
      actor,
    }));
    expect(told).toEqual([
      { type: 'stage_entered', of: null, attempt: null, message: expect.stringContaining('sandbox'), actor: 'olga' },
      {
        type: 'task_dispatched',
        of: 'provision_infra',
        attempt: 1,
        message: 'Ready for whoever claims it.',
        actor: 'olga',
      },
      {
        type: 'task_claimed',
        of: 'provision_infra',
        attempt: 1,
        message: expect.stringContaining('Claimed by worker'),
        actor: 'worker',
      },
      { type: 'progress', of: 'provision_infra', attempt: 1, message: '40 %: building', actor: 'worker' },
      {
        type: 'task_attempt_failed',
        of: 'provision_infra',
        attempt: 1,
        message: expect.stringContaining('task.failed: no disk'),
        actor: 'worker',
      },
      {
        type: 'task_dispatched',
        of: 'provision_infra',
        attempt: 2,
        message: 'Ready for whoever claims it.',
        actor: 'system',
      },
      { type: 'task_claimed', of: 'provision_infra', attempt: 2, message: expect.any(String), actor: 'worker' },
      { type: 'task_succeeded', of: 'provision_infra', attempt: 2, message: 'Succeeded.', actor: 'worker' },
      { type: 'task_dispatched', of: 'install_connectors', attempt: 1, message: expect.any(String), actor: 'worker' },
    ]);
  });

  test('S152: pages hang together, and of endless progress the newest is kept', async () => {
    await begin();
    const task = await claim();
    for (let percent = 1; percent <= 60; percent += 1)
      await engine.call('task.heartbeat', { task_id: task.task_id, percent }, worker);
    const whole = (await log()).entries;
    const progress = whole.filter(({ type }: Output) => type === 'progress');
    expect(progress.map(({ message }: Output) => message)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index + 11} %`),
    );
    const pages: Output[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page: Output = await log({ limit: 7, ...(after === undefined ? {} : { after }) });
      expect(page.entries.length).toBeLessThanOrEqual(7);
      pages.push(...page.entries);
      after = page.next_after;
    }
    expect(pages).toEqual(whole);
    expect((await engine.refused('work.log', { work_id: 'uow-acme:9:nothing' })).code).toBe('work.unknown');
  });

  test('S4: a unit of work that takes longer than uow_seconds fails with what it was doing, and may be retried', async () => {
    const agents = scriptedAgents({ do_slow: () => ({}), do_after: () => ({}) });
    const held = agents.hold('do_slow');
    const timeouts = { ...openPilot.timeouts, uow_seconds: 60 };
    const tasks = [
      { id: 'slow' },
      { id: 'after', after: ['slow'] },
      { id: 'asks', input: { what: { type: 'string', required: true } } },
    ];
    await begin(smallDocument([{ id: 'sandbox', tasks }, { id: 'production' }], { timeouts }), agents.functions);
    const call = await held.next();
    await clock.advance(58 * SECOND);
    expect((await engine.show('acme')).units[0].status).toBe('in_progress');
    const unit = await later(({ status }) => status === 'failed');
    expect(unit.tasks.map(({ task_id, status, error }: Output) => [task_id, status, error?.code])).toEqual([
      ['slow', 'failed', 'unit.timed_out'],
      ['after', 'planned', undefined],
      ['asks', 'failed', 'unit.timed_out'],
    ]);
    expect(call.signal.aborted).toBe(true);
    expect(alerts.flatMap(({ alert }) => alert ?? [])).toEqual(['task_timed_out', 'task_timed_out', 'unit_failed']);

    await engine.call('work.retry', { work_id: 'uow-acme:1:sandbox_work' });
    await engine.call('journey.provide_input', { client_id: 'acme', inputs: { what: 'this' } });
    await clock.advance(50 * SECOND);
    expect((await engine.show('acme')).units[0].status, 'its time begins anew').toBe('in_progress');
    await later(({ status }) => status === 'failed');
  });
});
