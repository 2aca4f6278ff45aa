import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import { judgeStage, isOpen } from '#core/criteria/gate.ts';
import { stageOf } from '#core/plan.ts';
import { goodSearch, realDocument, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { doSandboxWork, playOf, start, succeed, type Play } from '#test/support/engine/play.ts';

const shut = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality()] },
  { id: 'production', tasks: [{ id: 'last' }] },
]);
const waiting = (document = shut): Play => {
  const play = playOf(document);
  play.do(start());
  play.pass(MINUTE);
  succeed(play, 'one');
  return play;
};
const verdict = (play: Play, check = 'search_quality') => {
  const stage = stageOf(play.plan, play.journey().stage);
  if (!stage) throw new Error('The stage is not in the plan.');
  return judgeStage(stage, play.journey(), play.now(), (text) => text).find(({ checkId }) => checkId === check);
};
const say = (play: Play, precision: number, ago_ms = 0, origin = 'operator:olga') =>
  play.do({
    type: 'record_evidence',
    observations: [seen('search_quality', { ...goodSearch, precision }, play.now() - ago_ms, { origin })],
  });

describe('S82: the gate', () => {
  test('opens by itself on the last piece that was missing, and the transition keeps what opened it', () => {
    const play = waiting();
    const events = say(play, 0.9);
    expect(events.map(({ type }) => type)).toEqual(['evidence_recorded', 'stage_entered']);
    expect(events[1]).toMatchObject({
      kind: 'promotion',
      results: [{ check_id: 'search_quality', outcome: 'passed' }],
    });
  });

  test('stays shut while work is open, whatever the evidence says', () => {
    const play = playOf(shut);
    play.do(start());
    say(play, 0.9);
    expect(play.journey().stage).toBe('sandbox');
    expect(play.refused({ type: 'promote', reason: 'x' })).toMatchObject({ details: { missing: ['work'] } });
    succeed(play, 'one');
    expect(play.journey().stage).toBe('production');
  });

  test('S61: without auto-promotion it waits for promote', () => {
    const play = waiting(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality()], auto: false },
        { id: 'production' },
      ]),
    );
    say(play, 0.9);
    expect(play.journey().stage).toBe('sandbox');
    play.do({ type: 'promote', reason: 'go' });
    expect(play.journey()).toMatchObject({ stage: 'production', completedStages: ['sandbox'] });
  });

  test('I3: a verdict of yesterday promotes nobody: evidence that has grown old since is unknown', () => {
    const play = waiting(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality()], auto: false },
        { id: 'production' },
      ]),
    );
    say(play, 0.9);
    expect(play.journey().verdicts['search_quality']?.outcome).toBe('passed');
    play.pass(7 * DAY + 1);
    expect(play.refused({ type: 'promote', reason: 'go' }).refused).toBe('gate.shut');
  });

  test('S82: the last stage is never left, not even by an empty gate', () => {
    const play = waiting();
    say(play, 0.9);
    succeed(play, 'last');
    play.do({ type: 'evaluate' });
    expect(play.journey()).toMatchObject({ stage: 'production', status: 'active' });
    expect(play.refused({ type: 'promote', reason: 'x' }).refused).toBe('stage.final');
  });

  test('S146: judging keeps verdicts and promotes nobody', () => {
    const play = waiting(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality()], auto: false },
        { id: 'production' },
      ]),
    );
    say(play, 0.9);
    play.do({ type: 'judge' });
    expect(play.journey().stage).toBe('sandbox');
    expect(play.do({ type: 'judge' }), 'nothing changed').toEqual([]);
  });

  test('a criterion that is not required is judged and shown, and holds nobody', () => {
    const play = waiting(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality(0.8, { required: false })] },
        { id: 'production' },
      ]),
    );
    expect(play.journey().stage).toBe('production');
  });
});

describe('evidence', () => {
  test('from more than 60 s in the future is refused, up to that it counts', () => {
    const play = waiting();
    expect(
      play.refused({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now() + 60_001)] })
        .refused,
    ).toBe('evidence.from_future');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now() + 60_000)] });
    expect(play.journey().stage).toBe('production');
  });

  test('observed before the stage was entered does not count', () => {
    const play = waiting();
    say(play, 0.9, 2 * MINUTE);
    expect(verdict(play)).toMatchObject({ outcome: 'unknown', code: 'evidence.before_stage_entry' });
  });

  test('S73: is stale by its age, and the verdict says when', () => {
    const play = waiting();
    say(play, 0.5);
    expect(verdict(play)).toMatchObject({ outcome: 'failed', changesAt: play.now() + 168 * HOUR + 1 });
    play.pass(168 * HOUR);
    expect(verdict(play)?.outcome).toBe('failed');
    play.pass(1);
    expect(verdict(play)).toMatchObject({ outcome: 'unknown', code: 'evidence.stale' });
  });

  test('I19: of a source that the criterion does not accept is kept and not judged', () => {
    const play = waiting(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality(0.8, { accepted_sources: ['collector'] })] },
        { id: 'production' },
      ]),
    );
    say(play, 0.9);
    expect(verdict(play)).toMatchObject({ outcome: 'unknown', code: 'evidence.source_not_accepted' });
    expect(play.journey().evidence['search_quality']).toHaveLength(1);
    say(play, 0.9, 0, 'collector:glean');
    expect(play.journey().stage).toBe('production');
  });

  test('I19: of a class by name alone is not a source of that class', () => {
    const play = waiting();
    say(play, 0.9, 0, 'operators:mallory');
    say(play, 0.9, 0, 'token:operator:mallory');
    expect(play.journey().stage).toBe('sandbox');
  });

  test('a collector outranks a newer word of a person about the same subject', () => {
    const play = waiting();
    say(play, 0.5, 30_000, 'collector:glean');
    say(play, 0.99);
    expect(verdict(play)).toMatchObject({ outcome: 'failed', measured: 0.5 });
  });

  test('of two people the newer observation counts, whichever came in first', () => {
    const play = waiting();
    say(play, 0.5, 1_000, 'operator:ann');
    say(play, 0.99, 30_000, 'operator:ben');
    expect(verdict(play)).toMatchObject({ measured: 0.5 });
  });

  test('an older observation does not succeed a newer one of the same source', () => {
    const play = waiting();
    say(play, 0.5);
    say(play, 0.99, 10_000);
    expect(verdict(play)).toMatchObject({ measured: 0.5 });
  });
});

describe('the real sandbox', () => {
  test('S72 S74: task outputs count as evidence of connectors and scan; search and people are still missing', () => {
    const play = playOf(realDocument);
    play.do(start());
    doSandboxWork(play);
    expect(play.journey().verdicts).toMatchObject({
      connectors_syncing: { outcome: 'passed' },
      security_scan: { outcome: 'passed' },
      search_quality: { outcome: 'unknown' },
      demo_approval: { outcome: 'unknown', code: 'approval.not_requested' },
    });
    const stage = stageOf(play.plan, 'sandbox');
    expect(stage && isOpen(play.journey(), judgeStage(stage, play.journey(), play.now(), String))).toBe(false);
  });

  test('a journey whose scan found too much stays in sandbox', () => {
    const play = playOf(realDocument);
    play.do(start());
    for (const id of ['provision_infra', 'install_connectors', 'provision_test_data']) succeed(play, id);
    succeed(play, 'run_security_scan', { scan_result: { critical: 1, high: 0 }, vulnerabilities: [] });
    say(play, 0.9);
    expect(play.journey()).toMatchObject({ stage: 'sandbox', approval: null });
    expect(play.journey().verdicts['security_scan']?.outcome).toBe('failed');
  });
});
