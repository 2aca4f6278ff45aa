import { describe, expect, test } from 'vitest';
import { DAY, MINUTE, SECOND } from '#core/time.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { realDocument, smallDocument } from '#test/support/engine/fixtures.ts';
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
    const stored = await run.at.database.query(
      'select status, paused_at, paused_ms, paused_weekdays_ms from journey_states',
    );
    // From the Saturday to the Tuesday after the next Monday: six of the ten days are weekdays.
    expect(stored).toEqual([{ status: 'active', paused_at: null, paused_ms: 10 * DAY, paused_weekdays_ms: 6 * DAY }]);
    expect((await run.engine.call('journey.list', {})).journeys[0]).toMatchObject({ day: 3, paused_at: null });
  });

  test('S70: list says the day that status says, by the calendar of the stage, paused or not, and when it has ended', async () => {
    const stages = [{ id: 'sandbox', tasks: [{ id: 'slow' }], days: 15, calendar: 'business' as const }];
    const document = smallDocument([...stages, { id: 'production' }]);
    run.agents = scriptedAgents({ do_slow: () => ({}) });
    run.agents.hold('do_slow');
    await run.begin({ settings: { document } });
    await run.start('acme');
    const sameDay = async (): Promise<number> => {
      const [row] = (await run.engine.call('journey.list', {})).journeys;
      const { day, waiting_for } = await run.engine.show('acme');
      expect(row.day).toBe(day);
      expect(waiting_for, 'and so does why').toMatch(row.status === 'completed' ? /is completed/ : `day ${day} of 15`);
      return day;
    };
    // It begins on a Thursday.
    run.ahead_ms += 4 * DAY;
    expect(await sameDay()).toBe(3);
    run.ahead_ms += 4 * DAY;
    await run.change('pause', 'acme');
    run.ahead_ms += 7 * DAY;
    expect(await sameDay(), 'a Friday to a Friday').toBe(7);
    await run.change('resume', 'acme');
    run.ahead_ms += DAY;
    expect(await sameDay(), 'a Saturday').toBe(8);
    await run.change('complete', 'acme');
    run.ahead_ms += 30 * DAY;
    expect(await sameDay(), 'it has ended').toBe(8);
  });

  test('S4: paused time does not count against the time that a unit of work may take', async () => {
    const timeouts = { ...realDocument.timeouts, uow_seconds: 3_600 };
    const document = smallDocument([{ id: 'sandbox', tasks: [{ id: 'slow' }] }, { id: 'production' }], { timeouts });
    run.agents = scriptedAgents({ do_slow: () => ({}) });
    const held = run.agents.hold('do_slow');
    await run.begin({
      settings: { document: { ...document, timeouts: { ...timeouts, task_execution_seconds: 86_400 } } },
    });
    await run.start('acme');
    await held.next();
    const unit = async (): Promise<Output> => (await run.engine.show('acme')).units[0];
    run.ahead_ms += 30 * MINUTE;
    await run.change('pause', 'acme');
    run.ahead_ms += 10 * DAY;
    await run.clock.advance(5 * SECOND);
    await run.change('resume', 'acme');
    run.ahead_ms += 29 * MINUTE;
    await run.clock.advance(5 * SECOND);
    expect((await unit()).status, 'of its hour 59 minutes are over').toBe('in_progress');
    run.ahead_ms += MINUTE;
    await run.later('acme', ({ units }) => units[0].status === 'failed');
    expect((await unit()).tasks).toMatchObject([{ task_id: 'slow', error: { code: 'unit.timed_out' } }]);
    await run.change('pause', 'acme');
    run.ahead_ms += DAY;
    await run.change('resume', 'acme');
    await run.engine.call('work.retry', { work_id: 'uow-acme:1:sandbox_work' });
    run.ahead_ms += 59 * MINUTE;
    await run.clock.advance(5 * SECOND);
    expect((await unit()).status, 'its time begins anew').toBe('in_progress');
    run.ahead_ms += MINUTE;
    await run.later('acme', ({ units }) => units[0].status === 'failed');
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
