import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { goodSearch, olga, openPilot } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { systemClock } from '#adapters/clock.ts';

const done = ({ units }: Output): boolean => units.every(({ status }: Output) => status === 'completed');

describe('the metrics', () => {
  let at: FreshDatabase;
  let engine: Engine;
  let agents: ScriptedAgents;
  let ahead_ms = 0;
  const machine = systemClock();
  // Machine time runs ahead as well, so that figures are read anew whenever a test moves on.
  const clock: Clock = {
    ...machine,
    journey: () => machine.journey() + ahead_ms,
    machine: () => machine.machine() + ahead_ms,
  };

  beforeEach(async () => {
    ahead_ms = 0;
    at = await freshEmbedded();
    agents = scriptedAgents();
    engine = await engineOn({
      database: at.database,
      clock,
      functions: agents.functions,
      settings: { document: openPilot },
    });
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  /** The value of one series; undefined where there is none. */
  async function value(series: string): Promise<number | undefined> {
    const { text } = await engine.orchestrator.metrics();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  const inPilot = async (): Promise<void> => {
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', (journey) => journey.stage === 'pilot' && done(journey));
  };

  test('S126: journey_active_count says how many are active in each stage, over all replicas', async () => {
    await inPilot();
    expect(await value('journey_active_count{stage="pilot"}')).toBe(1);
    expect(await value('journey_active_count{stage="sandbox"}')).toBeUndefined();
    expect(await value('journey_queued_count')).toBe(0);
  });

  test('S127: leaving a stage is observed, in buckets that reach 90 days; who is still inside shows by its age', async () => {
    await inPilot();
    expect(await value('journey_stage_duration_seconds_count{stage="sandbox"}')).toBe(1);
    const { text } = await engine.orchestrator.metrics();
    expect(text).toContain('journey_stage_duration_seconds_bucket{le="7776000",stage="sandbox"} 1');
    ahead_ms += HOUR;
    expect(await value('journey_stage_age_seconds{stage="pilot"}')).toBeGreaterThanOrEqual(3_600);
  });

  test('S128 S129: transitions count by from, to and result; rollbacks by a closed set of reasons, not by what people wrote', async () => {
    await inPilot();
    expect(await value('journey_transition_total{from_stage="",to_stage="sandbox",result="success"}')).toBe(1);
    expect(await value('journey_transition_total{from_stage="sandbox",to_stage="pilot",result="success"}')).toBe(1);
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'acme asked for it {evil="label"}' });
    expect(await value('journey_rollback_total{reason="manual"}')).toBe(1);
    const { text } = await engine.orchestrator.metrics();
    expect(text).not.toContain('acme');
    expect(text).not.toContain('evil');
  });

  test('S130 S131: units by template and end, attempts by intent and end', async () => {
    agents.does(
      'install_connectors',
      (() => {
        let calls = 0;
        return (assignment) =>
          (calls += 1) === 1
            ? Promise.reject(new Error('once'))
            : Promise.resolve({ installed_connectors: assignment.input['connectors'] ?? [] });
      })(),
    );
    await inPilot();
    const count = 'journey_uow_execution_duration_seconds_count';
    expect(await value(`${count}{stage="sandbox",template_id="sandbox_setup",status="completed"}`)).toBe(1);
    const attempts = 'journey_task_execution_total';
    expect(await value(`${attempts}{status="failed",intent="install_connectors"}`)).toBe(1);
    expect(await value(`${attempts}{status="succeeded",intent="install_connectors"}`)).toBe(1);
    expect(await value(`${attempts}{status="succeeded",intent="setup_monitoring"}`)).toBe(1);
  });

  test('S132: verdicts are counted as they are recorded, and the share of the last day that holds is a figure of the store', async () => {
    await inPilot();
    const verdicts = 'journey_exit_criteria_evaluations_total{stage="pilot",check_id="search_quality"';
    expect(await value(`${verdicts},verdict="unknown"}`)).toBe(1);
    await engine.call('evidence.record', {
      client_id: 'acme',
      observations: [{ kind: 'search_quality', value: goodSearch }],
    });
    expect(await value(`${verdicts},verdict="passed"}`)).toBe(1);
    ahead_ms += 10_000;
    expect(await value('journey_exit_criteria_pass_rate{stage="pilot"}')).toBe(0.25);
  });

  test('calls are timed by use-case, door and outcome, a refusal apart from a failure', async () => {
    await inPilot();
    await engine.refused('journey.promote', { client_id: 'nobody', reason: 'x' }, olga);
    const calls = 'journey_use_case_duration_seconds_count';
    expect(await value(`${calls}{use_case="journey.promote",door="rest",outcome="refused"}`)).toBe(1);
    expect(await value('journey_flush_commands_count')).toBeGreaterThanOrEqual(1);
  });

  test('every alert has a series from the start, so that its first increase can be seen', async () => {
    expect(await value('journey_alerts_total{alert="breaker_open"}')).toBe(0);
  });

  test('a store that is away takes its figures with it, and leaves the counts of the process', async () => {
    await inPilot();
    expect(await value('journey_active_count{stage="pilot"}')).toBe(1);
    ahead_ms += 10_000;
    await at.database.query('alter table approvals rename to approvals_away');
    expect(await value('journey_active_count{stage="pilot"}')).toBeUndefined();
    expect(await value('journey_stage_duration_seconds_count{stage="sandbox"}')).toBe(1);
    await at.database.query('alter table approvals_away rename to approvals');
    ahead_ms += 10_000;
    expect(await value('journey_active_count{stage="pilot"}')).toBe(1);
  });
});
