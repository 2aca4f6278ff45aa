import { describe, expect, test } from 'vitest';
import { DAY, HOUR, SECOND } from '#core/time.ts';
import { systemClock } from '#adapters/clock.ts';
import { rpcResult, scriptedAgent, type ScriptedAgent } from '#test/support/agents/scripted-agent.ts';
import { drivenEngine } from '#test/support/engine/driven.ts';
import { goodSearch, searchCollapse, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';

const FIRST = 'provision_sandbox_environment';
const run = drivenEngine({ take_down: () => ({}), announce: () => ({}) });

describe('a rollback', () => {
  const document = smallDocument([
    { id: 'sandbox', tasks: [{ id: 'build', intent: FIRST }] },
    {
      id: 'pilot',
      tasks: [
        { id: 'announce', intent: 'announce' },
        { id: 'deploy', intent: 'deploy_production_environment', after: ['announce'], compensate: 'take_down' },
      ],
      criteria: [searchQuality()],
      rollback: [searchCollapse({ for_hours: 6 })],
    },
    { id: 'production', goals: [{ metric: 'user_adoption', target: 0.7, window_days: 30 }] },
  ]);

  test('S142: needs a reason, and says so before anything happens', async () => {
    await run.begin({ settings: { document } });
    run.agents.hold(FIRST);
    await run.start('acme');
    for (const input of [{ client_id: 'acme' }, { client_id: 'acme', reason: '  ' }])
      expect(await run.engine.refused('journey.roll_back', input)).toMatchObject({
        code: 'input.invalid',
        message: expect.stringContaining('reason') as string,
      });
    expect(await run.engine.refused('journey.roll_back', { client_id: 'nobody', reason: 'x' })).toMatchObject({
      code: 'journey.unknown',
    });
    expect(await run.engine.refused('journey.roll_back', { client_id: 'acme', reason: 'x' })).toMatchObject({
      code: 'stage.first',
    });
  });

  test('S95: is undone by agents in reverse, and what nobody undoes is shown', async () => {
    await run.begin({ settings: { document } });
    await run.start('acme');
    await run.later('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed');
    const answer = await run.change('roll_back', 'acme');
    expect(answer).toMatchObject({
      stage: 'sandbox',
      not_undone: ['pilot/announce'],
      units: [{ name: 'sandbox' }, { name: 'Compensation', work_id: 'uow-acme:3:_compensation' }],
    });
    await run.later('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed');
    expect(run.agents.calls.find(({ intent }) => intent === 'take_down')).toMatchObject({
      workId: 'uow-acme:3:_compensation',
      taskId: 'undo_1_deploy',
      input: { client_id: 'acme', deployment_id: 'deploy-1' },
    });
    const work = await run.engine.call('work.show', { client_id: 'acme', stage: 'sandbox' });
    expect(work.units).toContainEqual(
      expect.objectContaining({
        work_id: 'uow-acme:3:_compensation',
        status: 'completed',
        tasks: [expect.objectContaining({ task_id: 'undo_1_deploy', name: 'Undo deploy', status: 'succeeded' })],
      }),
    );
    expect(await verify(run.at.database)).toMatchObject({ broken: [] });
  });

  test('S95: whose compensation fails goes on all the same, tells it, and lets it be tried again', async () => {
    await run.begin({ settings: { document } });
    await run.start('acme');
    await run.later('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed');
    run.agents.does('take_down', () => Promise.reject(new Error('the region is closed')));
    await run.change('roll_back', 'acme');
    await run.later('acme', ({ stage, stage_entry }) => stage === 'pilot' && stage_entry === 4, 5 * SECOND);
    expect(run.alerts).toContainEqual('unit_failed acme');
    const work = await run.engine.call('work.show', { client_id: 'acme', stage: 'sandbox' });
    expect(work.units).toContainEqual(expect.objectContaining({ template_id: '_compensation', status: 'failed' }));
    expect(await verify(run.at.database)).toMatchObject({ broken: [] });
  });

  test('S62: happens by itself at the tick, by time alone, and is recorded as the system’s', async () => {
    await run.begin({ settings: { document, polling: { cron: '* * * * * *' } } });
    await run.start('acme');
    await run.later('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed');
    await run.record('acme', 'search_quality', { ...goodSearch, precision: 0.3 });
    run.ahead_ms += 6 * HOUR;
    const journey = await run.later('acme', ({ stage_entry }) => stage_entry >= 3);
    expect(journey.stage_entry).toBeGreaterThanOrEqual(3);
    const events = await run.eventsOf('acme');
    expect(events.find(({ type }) => type === 'journey_rolled_back_automatically')).toMatchObject({
      actor: 'system',
      data: { from: 'pilot', to: 'sandbox', verdicts: [{ check_id: 'search_collapse', measured: 0.3 }] },
    });
    expect(run.alerts.filter((alert) => alert.startsWith('journey_rolled_back_automatically'))).toHaveLength(1);
    const [transition] = await run.at.database.query<{ initiated_by: string }>(
      `select initiated_by from stage_transitions where kind = 'rollback'`,
    );
    expect(transition).toEqual({ initiated_by: 'system' });
    expect(await verify(run.at.database)).toMatchObject({ broken: [] });
  });

  test('S62: that evidence triggers is the system’s too, and not of whoever sent the evidence', async () => {
    await run.begin({
      settings: {
        document: smallDocument([
          { id: 'sandbox' },
          { id: 'pilot', auto: false, rollback: [searchCollapse({ consecutive: 1 })] },
          { id: 'production' },
        ]),
      },
    });
    await run.start('acme');
    await run.record('acme', 'search_quality', { ...goodSearch, precision: 0.1 });
    const events = await run.eventsOf('acme');
    const actors = events
      .filter(({ type }) => type !== 'criteria_tracked')
      .map(({ type, actor }) => `${type} ${actor}`);
    expect(actors.slice(3, 6)).toEqual([
      'evidence_recorded olga',
      'journey_rolled_back_automatically system',
      'stage_entered system',
    ]);
  });

  test('S80: goals of the last stage are judged at the tick, told once, and shown', async () => {
    await run.begin({ settings: { document, polling: { cron: '* * * * * *' } } });
    await run.start('acme');
    await run.later('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed');
    await run.record('acme', 'search_quality', goodSearch);
    expect(await run.engine.show('acme')).toMatchObject({
      stage: 'production',
      goals: [{ metric: 'user_adoption', health: 'unknown', target: 0.7, window_days: 30 }],
    });
    expect(await run.record('acme', 'user_adoption', { rate: 0.5 })).toMatchObject({ not_judged: [] });
    await run.record('acme', 'user_adoption', { rate: 0.4 });
    expect((await run.engine.show('acme')).goals).toMatchObject([{ health: 'at_risk', measured: 0.4 }]);
    expect(run.alerts).toEqual(['goal_at_risk acme']);
    run.ahead_ms += 31 * DAY;
    const last = await eventually(
      async () => {
        await run.clock.advance(SECOND);
        return (await run.eventsOf('acme')).at(-1);
      },
      (event) => event.data.goals?.[0]?.health === 'unknown',
    );
    expect(last).toMatchObject({
      type: 'goals_judged',
      door: 'scheduler',
      data: { goals: [{ code: 'evidence.stale' }] },
    });
  });

  test('S143: tells the agent of a task at another machine to stop', async () => {
    const remote: ScriptedAgent = await scriptedAgent();
    const methods: string[] = [];
    const working = { id: 'remote-1', contextId: '', status: { state: 'TASK_STATE_WORKING' } };
    remote.reply((request, response) => {
      const { method } = request.body as { method: string };
      methods.push(method);
      rpcResult(method === 'SendMessage' ? { task: working } : working)(request, response);
    });
    const elsewhere = { agents: [{ agentId: 'far', cardUrl: remote.cardUrl, intents: ['far_away'] }], routes: {} };
    const far = smallDocument([
      { id: 'sandbox' },
      { id: 'pilot', tasks: [{ id: 'far', intent: 'far_away' }] },
      { id: 'production' },
    ]);
    // The agent answers in real time, so that the calls to it have to be timed by it, too.
    await run.begin({ settings: { document: far, agents: elsewhere }, clock: systemClock() });
    await run.start('acme');
    await eventually(
      () => run.at.database.query<{ remote_task_id: string | null }>('select remote_task_id from uow_tasks'),
      ([row]) => row?.remote_task_id === 'remote-1',
    );
    await run.change('roll_back', 'acme');
    const told = await eventually(
      () => Promise.resolve(methods),
      (all) => all.includes('CancelTask'),
    );
    expect(told.slice(0, 1)).toEqual(['SendMessage']);
    await remote.close();
  });
});
