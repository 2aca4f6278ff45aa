import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigDocument } from '#settings/document.ts';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { documentWith, olga, openPilot, realDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

/** The real document with stages changed by id. */
const stagesWith = (changes: Readonly<Record<string, object>>, parts: object = {}): ConfigDocument =>
  documentWith({
    stages: realDocument.stages.map((stage) => ({ ...stage, ...changes[stage.stage_id] })),
    ...parts,
  });

const workDone = (stage: string) => (journey: Output) =>
  journey.stage === stage && journey.units.every(({ status }: Output) => status === 'completed');

describe("the guide's files, at work", () => {
  let at: FreshDatabase;
  let agents: ScriptedAgents;
  const engines: Engine[] = [];
  beforeEach(async () => {
    at = await freshEmbedded();
    agents = scriptedAgents();
  });
  afterEach(async () => {
    for (const engine of engines.splice(0).toReversed()) await engine.stop();
    await at.drop();
  });
  async function begin(document: ConfigDocument): Promise<Engine> {
    const engine = await engineOn({
      database: at.database,
      keepDatabase: true,
      functions: agents.functions,
      settings: { document },
    });
    engines.push(engine);
    return engine;
  }

  test('S67 S68: a stage is shown by its id and its name', async () => {
    const engine = await begin(stagesWith({ sandbox: { name: 'Sandbox for trials' } }));
    await engine.call('journey.start', startInput('acme'));
    expect(await engine.show('acme')).toMatchObject({ stage: 'sandbox', stage_name: 'Sandbox for trials' });
  });

  test('S83 S88 S147: each stage has its template as a unit of work; uow-status shows the present one, or the one asked for', async () => {
    const engine = await begin(openPilot);
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', workDone('pilot'));
    const tasksOf = async (stage?: string) => {
      const { units } = await engine.call('work.show', { client_id: 'acme', ...(stage ? { stage } : {}) });
      return units.map((unit: Output) => [unit.template_id, unit.tasks.map(({ task_id }: Output) => task_id)]);
    };
    const pilot = [['pilot_setup', ['deploy_to_production', 'configure_user_access', 'setup_monitoring']]];
    expect(await tasksOf()).toEqual(pilot);
    expect(await tasksOf('pilot')).toEqual(pilot);
    expect(await tasksOf('sandbox')).toEqual([
      ['sandbox_setup', ['provision_infra', 'install_connectors', 'provision_test_data', 'run_security_scan']],
    ]);
  });

  test.each([
    [0.84, 200, 'failed', 'search_quality.below_target'],
    [0.99, 199, 'unknown', 'search_quality.too_few'],
    [0.85, 200, 'passed', 'passed'],
  ])('S76: in the pilot a precision of %s over %s queries is %s', async (precision, sampled, outcome, code) => {
    const engine = await begin(openPilot);
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage }) => stage === 'pilot');
    const observations = [{ kind: 'search_quality', value: { precision, k: 5, sampled } }];
    await engine.call('evidence.record', { client_id: 'acme', observations });
    const { criteria } = await engine.show('acme');
    expect(criteria.find(({ check_id }: Output) => check_id === 'search_quality')).toMatchObject({ outcome, code });
  });

  test('S94: a stage without a template needs no work: production is entered and nothing is to be done', async () => {
    const engine = await begin(stagesWith({ sandbox: { exit_criteria: [] }, pilot: { exit_criteria: [] } }));
    await engine.call('journey.start', startInput('acme'));
    expect(await engine.until('acme', ({ stage }) => stage === 'production')).toMatchObject({
      status: 'active',
      units: [],
      completed_stages: ['sandbox', 'pilot'],
    });
  });

  test('S149: a task that fails again and again is named with its attempts and its error, and goes on once its agent is mended', async () => {
    const impatient = { ...realDocument.retry, initial_backoff_seconds: 0, max_backoff_seconds: 0 };
    const engine = await begin(documentWith({ retry: impatient }));
    agents.does('provision_test_dataset', () => Promise.reject(new Error('The disk is full.')));
    await engine.call('journey.start', startInput('acme'));
    const stuck = await engine.until('acme', ({ units }) => units[0].status === 'failed');
    expect(stuck.waiting_for).toMatch(/provision_test_data.*The disk is full/);
    const { units } = await engine.call('work.show', { client_id: 'acme' });
    // The template allows two retries: three attempts.
    expect(units[0].tasks[2]).toMatchObject({
      task_id: 'provision_test_data',
      status: 'failed',
      attempt: 3,
      error: { code: 'task.failed', message: 'The disk is full.' },
    });
    expect(await engine.call('agents.check', { intent: 'provision_test_dataset' })).toMatchObject({
      route: 'in_process',
    });
    agents.does('provision_test_dataset', () => Promise.resolve({ dataset_id: 'd', record_count: 1 }));
    await engine.call('work.retry', { work_id: units[0].work_id });
    const again = await engine.until('acme', ({ units: [unit] }) => unit.status === 'completed');
    expect(again.units[0].tasks[0]).toMatchObject({ status: 'succeeded' });
    expect(agents.calls.filter(({ taskId }) => taskId === 'provision_infra').length).toBe(1);
  });

  test('S33: the version that was activated last decides for every replica; a journey keeps the one it has pinned', async () => {
    const first = await begin(openPilot);
    await first.call('journey.start', startInput('early'));
    const { config_hash: pinned } = await first.show('early');
    const second = await begin(stagesWith({ sandbox: { name: 'Renamed' } }));
    await second.call('journey.start', startInput('later'));
    const { config_hash: newest } = await second.show('later');
    expect(newest).not.toBe(pinned);
    expect((await first.show('early')).config_hash).toBe(pinned);
    // The other replica was started with other files, and follows all the same.
    const startAgain = async (): Promise<string> => {
      await first.call('journey.start', startInput('again'));
      const { config_hash } = await first.show('again');
      await first.call('journey.complete', { client_id: 'again', reason: 'seen' });
      return config_hash as string;
    };
    await eventually(startAgain, (hash) => hash === newest);
    const versions = await at.database.query(`select hash, label from config_versions where hash = any($1)`, [
      [pinned, newest],
    ]);
    expect(versions.length).toBe(2);
  }, 60_000);

  test('S2 S47: beyond the cap of the file a start waits, with its position', async () => {
    const engine = await begin(documentWith({ max_concurrent_journeys: 2 }));
    for (const client of ['one', 'two', 'three']) await engine.call('journey.start', startInput(client), olga);
    const shown = await Promise.all(['one', 'two', 'three'].map((client) => engine.show(client)));
    expect(shown.map(({ status, queue_position }) => [status, queue_position])).toEqual([
      ['active', null],
      ['active', null],
      ['queued', 1],
    ]);
  });
});
