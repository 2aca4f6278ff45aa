import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR } from '#core/time.ts';
import type { Clock } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import type { ConfigDocument } from '#settings/document.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import {
  dana,
  demoApproval,
  erin,
  goodSearch,
  olga,
  robot,
  searchQuality,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const search = { kind: 'search_quality', value: goodSearch };
const workDone = ({ units }: Output): boolean => units.every(({ status }: Output) => status === 'completed');

describe('a journey through the real configuration', () => {
  let at: FreshDatabase;
  let clock: VirtualClock;
  let engine: Engine;
  /** Journey time may run ahead by days; machine time would have to wake every sleeper of every second in between. */
  let ahead_ms = 0;
  const days = (): Clock => ({ ...clock, journey: () => clock.journey() + ahead_ms });

  beforeEach(async () => {
    at = await freshEmbedded();
    clock = virtualClock();
    engine = await engineOn({ database: at.database, clock: days(), functions: scriptedAgents().functions });
  });
  afterEach(async () => {
    await engine.stop();
    await at.drop();
  });

  async function restart(document: ConfigDocument): Promise<void> {
    await engine.stop();
    await at.drop();
    at = await freshEmbedded();
    const { functions } = scriptedAgents();
    engine = await engineOn({ database: at.database, clock: days(), functions, settings: { document } });
  }
  const record = (observations: Output[], as: Principal = olga, key?: string) =>
    engine.call('evidence.record', { client_id: 'acme', observations }, as, key);
  const approve = (approval_id: string, as: Principal = dana) =>
    engine.call('approval.decide', { approval_id, decision: 'approve' }, as);

  /** Time goes on while the journey is looked at: leases are renewed, and what is abandoned is looked for. */
  const later = (looksSo: (journey: Output) => boolean): Promise<Output> =>
    eventually(async () => {
      await clock.advance(200);
      return engine.show('acme');
    }, looksSo);

  /** Work is done, the search is good, and people are asked. */
  async function toTheDemo(): Promise<string> {
    await engine.call('journey.start', startInput('acme'));
    await later(workDone);
    ahead_ms += HOUR;
    await record([search]);
    const { approval } = await engine.show('acme');
    return approval.approval_id as string;
  }

  test('S71 S82: goes from sandbox over pilot to production on work, evidence and a person, and every invariant holds', async () => {
    await approve(await toTheDemo());
    expect(await engine.show('acme')).toMatchObject({ stage: 'pilot', completed_stages: ['sandbox'] });
    await later(workDone);
    ahead_ms += 8 * DAY;
    await record([search, { kind: 'bug', value: { all_clear: true } }]);
    await record([
      { kind: 'performance', value: { p95_ms: 300, error_rate: 0.001, requests: 100_000, window_minutes: 1_440 } },
    ]);
    expect(await engine.call('journey.validate_exit', { client_id: 'acme' })).toMatchObject({
      gate: 'shut',
      promoted_to: null,
    });
    const survey = Array.from({ length: 10 }, (_, index) => ({
      kind: 'survey_response',
      subject: `user-${index}`,
      value: { score: index === 0 ? 3 : 5 },
    }));
    expect(await record(survey)).toMatchObject({ recorded: 10, stage: 'production' });
    expect(await engine.show('acme')).toMatchObject({
      stage: 'production',
      gate: 'none',
      completed_stages: ['sandbox', 'pilot'],
    });
    expect((await engine.refused('journey.promote', { client_id: 'acme', reason: 'on' })).code).toBe('stage.final');
    expect(await verify(at.database)).toMatchObject({ broken: [], succeeded: 7 });
  });

  test('I15: an admin of some clients can neither make, see nor revoke tokens: they would reach beyond its clients', async () => {
    const narrow: Principal = { ...olga, id: 'nora', roles: ['admin'], clients: ['acme'] };
    for (const [useCase, input] of [
      ['token.create', { name: 'wide', roles: ['admin'] }],
      ['token.list', {}],
      ['token.revoke', { token: 'wide' }],
    ] as const)
      expect(await engine.refused(useCase, input, narrow)).toMatchObject({ code: 'auth.forbidden' });
    expect(await engine.call('token.create', { name: 'wide' }, { ...narrow, clients: null })).toMatchObject({
      name: 'wide',
    });
  });

  test('S142: a rollback from the pilot starts the sandbox anew; its evidence and its approval are of no use any more', async () => {
    await approve(await toTheDemo());
    ahead_ms += HOUR;
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'the index is broken' });
    const journey = await later(workDone);
    expect(journey).toMatchObject({ stage: 'sandbox', stage_entry: 3, approval: null, completed_stages: [] });
    expect(journey.criteria.find(({ check_id }: Output) => check_id === 'search_quality')).toMatchObject({
      outcome: 'unknown',
      code: 'evidence.before_stage_entry',
    });
    const history = await engine.call('journey.history', { client_id: 'acme' });
    expect(history.events.find(({ type }: Output) => type === 'journey_rolled_back')).toMatchObject({
      actor: 'olga',
      door: 'rest',
      data: { from: 'pilot', to: 'sandbox', reason: 'the index is broken' },
    });
  });

  test('I4: agents and the initiator do not approve, a second person comes too late', async () => {
    const approvalId = await toTheDemo();
    const decide = { approval_id: approvalId, decision: 'approve' };
    expect((await engine.refused('approval.decide', decide, robot)).code).toBe('approval.by_agent');
    const initiator: Principal = { ...olga, roles: ['operator', 'approver'] };
    expect((await engine.refused('approval.decide', decide, initiator)).code).toBe('approval.by_initiator');
    const both = await Promise.allSettled([approve(approvalId, dana), approve(approvalId, erin)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await engine.refused('approval.decide', decide, erin)).code).toBe('approval.not_open');
  });

  test('I19: an agent may not record evidence unless its token names the kind, and then it is shown and not judged', async () => {
    await engine.call('journey.start', startInput('acme'));
    await later(workDone);
    const input = { client_id: 'acme', observations: [search] };
    expect((await engine.refused('evidence.record', input, robot)).code).toBe('evidence.source_not_accepted');
    const named: Principal = { ...robot, evidenceKinds: ['search_quality'] };
    expect(await record([search], named)).toMatchObject({ not_judged: ['search_quality'] });
    expect((await engine.show('acme')).approval).toBeNull();
  });

  test('S139: evidence sent again under its key, without a time of its own, gets the first answer and is kept once', async () => {
    await engine.call('journey.start', startInput('acme'));
    const first = await record([search], olga, 'once');
    ahead_ms += 1_234;
    expect(await record([search], olga, 'once')).toEqual(first);
    const { evidence } = await engine.call('evidence.show', { client_id: 'acme' });
    expect(evidence.filter(({ kind }: Output) => kind === 'search_quality')).toHaveLength(1);
    const other = { client_id: 'acme', observations: [{ ...search, source: 'elsewhere' }] };
    expect((await engine.refused('evidence.record', other, olga, 'once')).code).toBe('idempotency.conflict');
  });

  test('S139: a start sent again under its key answers as the first time, even after the journey has moved on', async () => {
    const first = await engine.call('journey.start', startInput('acme'), olga, 'begin');
    await later(workDone);
    expect(await engine.call('journey.start', startInput('acme'), olga, 'begin')).toEqual(first);
    expect((await engine.refused('journey.start', startInput('acme'))).code).toBe('journey.exists');
    expect((await engine.refused('journey.start', startInput('acme', { more: 1 }), olga, 'begin')).code).toBe(
      'idempotency.conflict',
    );
  });

  test('I4: an approval that is void shows who had given it', async () => {
    const document = smallDocument([
      { id: 'sandbox', tasks: [{ id: 'one', intent: 'setup_monitoring' }], criteria: [demoApproval()], auto: false },
      { id: 'production' },
    ]);
    await restart(document);
    await engine.call('journey.start', startInput('acme'));
    await approve((await later(workDone)).approval.approval_id);
    await engine.call('journey.complete', { client_id: 'acme', reason: 'over' });
    const rows = await at.database.query('select status, decided_by, reason from approvals');
    expect(rows).toEqual([{ status: 'void', decided_by: 'dana', reason: 'completed' }]);
  });

  test('S146: validate-exit with promote under one key promotes, and says the same when it is sent again', async () => {
    const document = smallDocument([
      { id: 'sandbox', tasks: [{ id: 'one', intent: 'setup_monitoring' }], criteria: [searchQuality()], auto: false },
      { id: 'pilot', tasks: [{ id: 'two', intent: 'setup_monitoring' }] },
      { id: 'production' },
    ]);
    await restart(document);
    await engine.call('journey.start', startInput('acme'));
    await later(workDone);
    await record([search]);
    const promote = () => engine.call('journey.validate_exit', { client_id: 'acme', promote: true }, olga, 'go');
    const first = await promote();
    expect(first).toMatchObject({ gate: 'open', promoted_to: 'pilot' });
    await later(({ stage }) => stage === 'production');
    expect(await promote()).toEqual(first);
  });

  test.each([
    ['a reason with half a character', 'journey.complete', { client_id: 'acme', reason: '\ud83d' }],
    [
      'an input with a NUL',
      'journey.provide_input',
      { client_id: 'acme', inputs: { note: `a${String.fromCodePoint(0)}` } },
    ],
    [
      'a key with a NUL',
      'journey.provide_input',
      { client_id: 'acme', inputs: { note: { [String.fromCodePoint(0)]: 1 } } },
    ],
    [
      'an observation from the year 0',
      'evidence.record',
      { client_id: 'acme', observations: [{ ...search, observed_at: '0000-01-01T00:00:00Z' }] },
    ],
  ])('what the store cannot hold is refused as the caller’s mistake: %s', async (_, useCase, input) => {
    await engine.call('journey.start', startInput('acme'));
    expect((await engine.refused(useCase, input)).status).toBeLessThan(500);
  });
});
