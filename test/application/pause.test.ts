import { describe, expect, test } from 'vitest';
import { DAY, SECOND } from '#core/time.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { realDocument } from '#test/support/engine/fixtures.ts';
import type { Output } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';

const task = (journey: Output, id: string): Output =>
  journey.units.flatMap(({ tasks }: Output) => tasks).find(({ task_id }: Output) => task_id === id);
const FIRST = 'provision_sandbox_environment';

const run = drivenEngine();

describe('pause and resume', () => {
  test('what runs may end and is recorded; nothing follows until resume, and then it does', async () => {
    await run.begin();
    const held = run.agents.hold(FIRST);
    await run.start('acme');
    const running = await held.next();
    expect(await run.change('pause', 'acme')).toMatchObject({
      status: 'paused',
      gate: 'shut',
      waiting_for: expect.stringContaining('it is paused: because') as string,
      paused: { reason: 'because' },
    });
    running.succeed();
    await run.later('acme', (journey) => task(journey, 'provision_infra').status === 'succeeded');
    await run.clock.advance(30 * SECOND);
    expect(run.agents.calls.map(({ intent }) => intent)).toEqual([FIRST]);
    expect(running.signal.aborted).toBe(false);
    expect(task(await run.engine.show('acme'), 'install_connectors'), 'it has not begun').toMatchObject({
      status: 'planned',
    });
    expect(task(await run.engine.call('work.show', { client_id: 'acme' }), 'install_connectors')).toMatchObject({
      status: 'planned',
    });
    const { journeys } = await run.engine.call('journey.list', { status: 'paused' });
    expect(journeys).toMatchObject([{ client_id: 'acme', status: 'paused', paused_at: expect.any(String) as string }]);
    await run.change('resume', 'acme');
    await run.later('acme', ({ units }) => units[0].status === 'completed');
    expect(await verify(run.at.database)).toMatchObject({ broken: [], succeeded: 4 });
  });

  test('a task that waits for a worker has not begun, and does not while its journey is paused', async () => {
    await run.begin({ settings: { workerPoolSize: 1 } });
    const held = run.agents.hold(FIRST);
    await run.start('acme');
    const running = await held.next();
    await run.start('beta');
    await run.change('pause', 'beta');
    running.succeed();
    await run.later('acme', (journey) => task(journey, 'provision_infra').status === 'succeeded');
    await run.clock.advance(10 * SECOND);
    expect(run.agents.calls.filter(({ clientId }) => clientId === 'beta')).toEqual([]);
    await run.change('resume', 'beta');
    (await held.next()).succeed();
    await run.later('beta', ({ units }) => units[0].status === 'completed');
  });

  test('a restart changes nothing of it: the work is left alone until resume, whoever has it then', async () => {
    await run.begin({ keepDatabase: true });
    const held = run.agents.hold(FIRST);
    await run.start('acme');
    await held.next();
    await run.change('pause', 'acme');
    await run.engine.stop();
    run.agents = scriptedAgents();
    await run.begin();
    await run.clock.advance(30 * SECOND);
    expect(run.agents.calls).toEqual([]);
    expect(await run.engine.show('acme')).toMatchObject({ status: 'paused', paused: { reason: 'because' } });
    await run.change('resume', 'acme');
    await run.later('acme', ({ units }) => units[0].status === 'completed');
    expect(await verify(run.at.database)).toMatchObject({ broken: [], succeeded: 4 });
  });

  test('paused time is shown apart, and does not count as days of the stage', async () => {
    await run.begin();
    run.agents.hold(FIRST);
    await run.start('acme');
    run.ahead_ms += 2 * DAY;
    await run.change('pause', 'acme');
    run.ahead_ms += 10 * DAY;
    expect(await run.engine.show('acme')).toMatchObject({ day: 3, paused_seconds: 864_000 });
    const [row] = (await run.engine.call('journey.list', {})).journeys;
    expect(row).toMatchObject({ day: 3 });
    expect(await run.change('resume', 'acme')).toMatchObject({ day: 3, paused: null, paused_seconds: 864_000 });
    const stored = await run.at.database.query('select status, paused_at, paused_ms from journey_states');
    expect(stored).toEqual([{ status: 'active', paused_at: null, paused_ms: 864_000_000 }]);
    expect((await run.engine.call('journey.list', {})).journeys[0]).toMatchObject({ day: 3, paused_at: null });
  });

  test('S2: a paused journey keeps its slot', async () => {
    await run.begin({ settings: { document: { ...realDocument, max_concurrent_journeys: 1 } } });
    run.agents.hold(FIRST);
    await run.start('acme');
    await run.change('pause', 'acme');
    expect(await run.start('beta')).toMatchObject({ status: 'queued', queue_position: 1 });
    await run.clock.advance(5 * SECOND);
    expect(await run.engine.show('beta')).toMatchObject({ status: 'queued' });
    await run.change('complete', 'acme');
    await run.later('beta', ({ status }) => status === 'active');
  });
});
