import { describe, expect, test } from 'vitest';
import { judgeStage } from '#core/criteria/gate.ts';
import { stageOf } from '#core/plan.ts';
import { SECOND } from '#core/time.ts';
import {
  actorOf,
  dana,
  demoApproval,
  goodSearch,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { playOf, start, type Play } from '#test/support/engine/play.ts';

const document = (auto = false) =>
  smallDocument([
    { id: 'sandbox', criteria: [searchQuality()], auto },
    { id: 'pilot', auto: false },
    { id: 'production' },
  ]);
const good = (play: Play) => seen('search_quality', goodSearch, play.now());

function atOpenGate(): Play {
  const play = playOf(document());
  play.do(start());
  play.do({ type: 'record_evidence', observations: [good(play)] });
  return play;
}
const waited = (play: Play, seconds: number) => ({ since: play.now() - seconds * SECOND });

describe('S3: a transition that comes too late', () => {
  test('is given up and recorded; the journey stays, and the next try passes the gate', () => {
    const play = atOpenGate();
    const events = play.do({ type: 'promote', reason: 'go' }, waited(play, 301));
    expect(events).toEqual([
      {
        type: 'stage_transition_timed_out',
        kind: 'promotion',
        from: 'sandbox',
        to: 'pilot',
        waited_seconds: 301,
        budget_seconds: 300,
      },
    ]);
    expect(play.journey()).toMatchObject({ stage: 'sandbox', stageEntry: 1, completedStages: [] });
    play.do({ type: 'promote', reason: 'go' }, waited(play, 300));
    expect(play.journey().stage).toBe('pilot');
  });

  test('keeps what was recorded with it: the evidence counts, only the passing of the gate is given up', () => {
    const play = playOf(document(true));
    play.do(start());
    const events = play.do({ type: 'record_evidence', observations: [good(play)] }, waited(play, 400));
    expect(events.map(({ type }) => type)).toEqual([
      'evidence_recorded',
      'stage_transition_timed_out',
      'criteria_judged',
    ]);
    expect(play.journey().verdicts['search_quality']?.outcome).toBe('passed');
    play.do({ type: 'evaluate' });
    expect(play.journey()).toMatchObject({ stage: 'pilot' });
  });
});

describe('S52: a rollback that comes too late', () => {
  test('is recorded all the same, and with it that it was late', () => {
    const play = atOpenGate();
    play.do({ type: 'promote', reason: 'go' });
    const events = play.do({ type: 'roll_back', reason: 'bug' }, waited(play, 601));
    expect(events[0]).toEqual({
      type: 'rollback_initiation_timed_out',
      from: 'pilot',
      waited_seconds: 601,
      budget_seconds: 600,
    });
    expect(play.journey()).toMatchObject({ stage: 'sandbox', stageEntry: 3 });
    expect(events.filter(({ type }) => type === 'journey_rolled_back')).toHaveLength(1);
  });
});

/** In time for so many questions, then not any more. */
const inTimeFor = (questions: number) => {
  let left = questions;
  return { overtime: () => (left -= 1) < 0 };
};

const known = (play: Play) => [good(play), seen('security_scan', { critical: 0, high: 0 }, play.now())];

describe('S51: an evaluation that takes too long', () => {
  const two = smallDocument([
    {
      id: 'sandbox',
      criteria: [
        searchQuality(),
        {
          check_id: 'scan',
          name: 'Scan',
          validator: 'SecurityScanValidator',
          parameters: { max_critical: 0, max_high: 5 },
        },
        demoApproval(),
      ],
    },
    { id: 'production' },
  ]);

  test('leaves unknown what it misses, never failed and never passed, and keeps the gate shut', () => {
    const play = playOf(two);
    play.do(start());
    // The first criterion is judged in time; the second one's judge is too slow.
    const events = play.do({ type: 'record_evidence', observations: known(play) }, inTimeFor(3));
    expect(events).toMatchObject([
      { type: 'evidence_recorded' },
      {
        type: 'exit_criteria_validation_timed_out',
        stage: 'sandbox',
        check_ids: ['scan'],
        budget_seconds: 30,
      },
      { type: 'criteria_judged' },
    ]);
    expect(play.journey().verdicts).toMatchObject({
      search_quality: { outcome: 'passed' },
      scan: { outcome: 'unknown', code: 'validation.timed_out' },
    });
    expect(play.journey().approval, 'nobody is asked on half a judgement').toBeNull();
    play.do({ type: 'evaluate' });
    expect(play.journey().approval?.status).toBe('open');
  });

  test('voids no request: that it was late says nothing about the client', () => {
    const play = playOf(two);
    play.do(start());
    play.do({ type: 'record_evidence', observations: known(play) });
    const asked = play.journey().approval;
    play.do({ type: 'evaluate' }, inTimeFor(0));
    expect(play.journey().verdicts['scan']?.code).toBe('validation.timed_out');
    expect(play.journey().approval).toEqual(asked);
    play.do({
      type: 'decide_approval',
      approvalId: asked?.id ?? '',
      decision: 'approve',
      reason: null,
      by: actorOf(dana),
    });
    expect(play.journey().stage).toBe('production');
  });

  test('is told once, not at every further evaluation that is late, and again after one was in time', () => {
    const play = playOf(two);
    play.do(start());
    play.do({ type: 'record_evidence', observations: known(play) });
    const late = () => play.do({ type: 'evaluate' }, inTimeFor(0)).map(({ type }) => type);
    expect(late()).toContain('exit_criteria_validation_timed_out');
    expect(late()).toEqual([]);
    play.do({ type: 'evaluate' });
    expect(late()).toContain('exit_criteria_validation_timed_out');
  });

  test('is looked at again within a minute', () => {
    const play = playOf(two);
    play.do(start());
    const stage = stageOf(play.plan, 'sandbox');
    const verdicts = stage ? judgeStage(stage, play.journey(), play.now(), String, () => true) : [];
    expect(verdicts[0]?.changesAt).toBe(play.now() + 60 * SECOND);
  });
});
