import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '#core/time.ts';
import { judgeStage } from '#core/criteria/gate.ts';
import { goodSearch, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { folded, playOf, start, type Play } from '#test/support/engine/play.ts';

const playWith = (more: Parameters<typeof searchQuality>[1]): Play => {
  const play = playOf(smallDocument([{ id: 'pilot', criteria: [searchQuality(0.8, more)] }, { id: 'production' }]));
  play.do(start());
  return play;
};
const say = (play: Play, precision: number, at = play.now()) => {
  play.do({ type: 'record_evidence', observations: [seen('search_quality', { ...goodSearch, precision }, at)] });
  play.pass(MINUTE);
};
const verdictOf = (play: Play) => {
  const [stage] = play.plan.stages;
  if (!stage) throw new Error('There is no stage.');
  return judgeStage(stage, play.journey(), play.now(), (text) => text)[0];
};

describe('a criterion that must hold for several observations in a row', () => {
  test('passes at the last of them, and not before', () => {
    const play = playWith({ consecutive: 3 });
    say(play, 0.9);
    expect(verdictOf(play)).toMatchObject({
      outcome: 'unknown',
      code: 'criterion.not_held_yet',
      message: 'Passed, but in 1 of 3 consecutive observations.',
      distance: '2 more observations that pass',
    });
    say(play, 0.9);
    expect(play.journey().stage).toBe('pilot');
    say(play, 0.9);
    expect(play.journey().stage).toBe('production');
  });

  test('begins anew after one that fails, which counts at once', () => {
    const play = playWith({ consecutive: 2 });
    say(play, 0.9);
    say(play, 0.5);
    expect(verdictOf(play)).toMatchObject({ outcome: 'failed' });
    say(play, 0.9);
    expect(play.journey().stage).toBe('pilot');
    say(play, 0.9);
    expect(play.journey().stage).toBe('production');
  });

  test('counts an observation once, however often it is looked at or told', () => {
    const play = playWith({ consecutive: 2 });
    const at = play.now();
    say(play, 0.9, at);
    for (let times = 0; times < 3; times += 1) {
      play.do({ type: 'evaluate' });
      say(play, 0.9, at);
    }
    expect(play.journey().streaks['search_quality']).toMatchObject({ count: 1 });
    expect(play.journey().stage).toBe('pilot');
  });

  test('is known from the events alone: a restart forgets nothing of it', () => {
    const play = playWith({ consecutive: 3 });
    say(play, 0.9);
    say(play, 0.9);
    expect(folded(play.log, play.clientId)?.streaks).toEqual({
      search_quality: { outcome: 'passed', since: play.now() - 2 * MINUTE, count: 2, seen: play.now() - MINUTE },
    });
  });
});

describe('a criterion that must hold for hours', () => {
  test('passes by time alone, and says when it will', () => {
    const play = playWith({ hold_for_hours: 24 });
    say(play, 0.9);
    const verdict = verdictOf(play);
    expect(verdict).toMatchObject({
      outcome: 'unknown',
      message: 'Passed, but only for 0 h of 24 h.',
      distance: '24 h more without a failure',
      changesAt: play.now() - MINUTE + 24 * HOUR,
    });
    play.pass(24 * HOUR - 2 * MINUTE);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('pilot');
    play.pass(MINUTE);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('production');
  });

  test('begins anew after a failure in between', () => {
    const play = playWith({ hold_for_hours: 24 });
    say(play, 0.9);
    play.pass(20 * HOUR);
    say(play, 0.5);
    say(play, 0.9);
    play.pass(20 * HOUR);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('pilot');
    play.pass(4 * HOUR);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('production');
  });

  test('does not hold over a rollback', () => {
    const play = playOf(
      smallDocument([
        { id: 'sandbox', criteria: [searchQuality(0.8, { consecutive: 2 })] },
        { id: 'pilot', auto: false },
        { id: 'production' },
      ]),
    );
    play.do(start());
    say(play, 0.9);
    say(play, 0.9);
    expect(play.journey().stage).toBe('pilot');
    play.do({ type: 'roll_back', reason: 'back' });
    expect(play.journey().streaks).toEqual({
      search_quality: expect.objectContaining({ outcome: 'unknown', count: 0 }) as object,
    });
    say(play, 0.9);
    expect(play.journey().stage).toBe('sandbox');
  });
});
