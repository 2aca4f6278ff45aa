import { describe, expect, test } from 'vitest';
import { DAY, MINUTE } from '#core/time.ts';
import type { Json } from '#core/json.ts';
import { judgeGoals } from '#core/criteria/goals.ts';
import { seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { playOf, start, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  { id: 'pilot', auto: false },
  {
    id: 'production',
    goals: [
      { metric: 'user_adoption', target: 0.7, window_days: 30 },
      { metric: 'search_satisfaction', target: 4.5 },
      { metric: 'query_volume_growth', target: 0.2, window_days: 30 },
      {
        check_id: 'latency',
        name: 'Latency',
        validator: 'PerformanceSLAValidator',
        parameters: { p95_latency_max_ms: 500, error_rate_max: 0.01 },
      },
    ],
  },
]);

const inProduction = (): Play => {
  const play = playOf(document);
  play.do(start());
  play.do({ type: 'promote', reason: 'go' });
  return play;
};
const say = (play: Play, kind: string, value: Json) => {
  play.pass(MINUTE);
  return play.do({ type: 'record_evidence', observations: [seen(kind, value, play.now())] });
};
const healths = (play: Play) => {
  const stage = play.plan.stages.find(({ id }) => id === play.journey().stage);
  if (!stage) throw new Error('There is no such stage.');
  return Object.fromEntries(
    judgeGoals(stage, play.journey(), play.now()).map(({ goal, health }) => [goal.metric, health]),
  );
};

describe('S80: the goals of production', () => {
  test('are unknown until something is known of them, and nothing is recorded of that', () => {
    const play = inProduction();
    expect(play.do({ type: 'evaluate' })).toEqual([]);
    expect(healths(play)).toEqual({
      user_adoption: 'unknown',
      search_satisfaction: 'unknown',
      query_volume_growth: 'unknown',
      latency: 'unknown',
    });
  });

  test('are on track or at risk by their target, and a change of health is recorded once', () => {
    const play = inProduction();
    expect(say(play, 'user_adoption', { rate: 0.75 }).at(-1)).toEqual({
      type: 'goals_judged',
      goals: [
        {
          metric: 'user_adoption',
          health: 'on_track',
          code: 'passed',
          message: '0.75 of the users are active.',
          measured: 0.75,
          target: 0.7,
          observed_at: play.now(),
        },
      ],
    });
    expect(say(play, 'user_adoption', { active: 72, cohort: 100 }).map(({ type }) => type)).toEqual([
      'evidence_recorded',
    ]);
    expect(say(play, 'user_adoption', { rate: 0.6 }).at(-1)).toMatchObject({
      goals: [{ metric: 'user_adoption', health: 'at_risk', measured: 0.6 }],
    });
    expect(say(play, 'user_adoption', { rate: 0.5 }).map(({ type }) => type)).toEqual(['evidence_recorded']);
  });

  test('grow window against the window before', () => {
    const play = inProduction();
    say(play, 'query_volume', { count: 1_200, previous_count: 1_000 });
    expect(healths(play)['query_volume_growth']).toBe('on_track');
    say(play, 'query_volume', { count: 1_199, previous_count: 1_000 });
    expect(healths(play)['query_volume_growth']).toBe('at_risk');
  });

  test('may be judged by any validator of evidence', () => {
    const play = inProduction();
    say(play, 'performance', { p95_ms: 900, error_rate: 0, requests: 10_000 });
    expect(healths(play)['latency']).toBe('at_risk');
  });

  test('are unknown again when the figure is older than its window', () => {
    const play = inProduction();
    say(play, 'user_adoption', { rate: 0.9 });
    play.pass(30 * DAY + 1);
    expect(play.do({ type: 'evaluate' })).toMatchObject([
      { type: 'goals_judged', goals: [{ metric: 'user_adoption', health: 'unknown', code: 'evidence.stale' }] },
    ]);
  });

  test('never move the journey, and evidence from before this stage entry is not theirs', () => {
    const play = playOf(document);
    play.do(start());
    say(play, 'user_adoption', { rate: 0.9 });
    play.do({ type: 'promote', reason: 'go' });
    expect(healths(play)['user_adoption']).toBe('unknown');
    say(play, 'user_adoption', { rate: 0.01 });
    expect(play.journey()).toMatchObject({ stage: 'production', status: 'active' });
  });

  test('of a stage with an exit do not keep its gate shut', () => {
    const play = playOf(
      smallDocument([
        { id: 'pilot', tasks: [{ id: 'one' }], goals: [{ metric: 'user_adoption', target: 0.7 }], auto: false },
        { id: 'production' },
      ]),
    );
    play.do(start());
    say(play, 'user_adoption', { rate: 0.1 });
    expect(play.journey().goals).toEqual({ user_adoption: { health: 'at_risk', code: 'user_adoption.below_target' } });
    play.do({ type: 'provide_input', inputs: {} });
    const unit = play.journey().units[0]?.workId ?? '';
    play.do({
      type: 'task_result',
      workId: unit,
      taskId: 'one',
      fence: { generation: 1, attempt: 1 },
      owner: 1,
      outcome: { type: 'succeeded', output: {} },
    });
    play.do({ type: 'promote', reason: 'all the same' });
    expect(play.journey()).toMatchObject({ stage: 'production', goals: {} });
  });
});
