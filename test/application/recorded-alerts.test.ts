import { expect, test } from 'vitest';
import type { JourneyEvent } from '#core/journey/events.ts';
import { alertWhatWasRecorded } from '#application/recorded-alerts.ts';
import type { Alert } from '#application/alerts.ts';
import { goodSearch, searchCollapse, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { failed, playOf, start, succeed, type Play } from '#test/support/engine/play.ts';

function raisedBy(play: Play): readonly string[] {
  const raised: string[] = [];
  const events = play.log.map(({ event }, index) => ({
    seq: index + 1,
    event,
    actor: 'a',
    door: 'rest',
    requestId: 'r',
  }));
  const recording = {
    clientId: 'acme',
    before: null,
    journey: play.journey(),
    events,
    admits: false,
    answers: [],
    lookAt: null,
  };
  alertWhatWasRecorded([recording], (alert: Alert, message, fields) => {
    expect(fields).toMatchObject({ client_id: 'acme' });
    expect(message.length).toBeGreaterThan(10);
    raised.push(alert);
  });
  return raised;
}
const say = (play: Play, kind: string, value: Parameters<typeof seen>[1]): readonly JourneyEvent[] => {
  play.pass(1_000);
  return play.do({ type: 'record_evidence', observations: [seen(kind, value, play.now())] });
};
const search = (play: Play, precision: number) => say(play, 'search_quality', { ...goodSearch, precision });

test('S62: a criterion that regresses wakes somebody once, however often it does', () => {
  const play = playOf(
    smallDocument([{ id: 'pilot', tasks: [{ id: 'one' }], criteria: [searchQuality()] }, { id: 'production' }]),
  );
  play.do(start());
  for (const precision of [0.9, 0.3, 0.9, 0.3]) search(play, precision);
  expect(raisedBy(play)).toEqual(['criterion_regressed']);
});

test('S62: a rollback by itself wakes somebody, and so does the one that is refused', () => {
  const play = playOf(
    smallDocument([
      { id: 'sandbox' },
      { id: 'pilot', auto: false, rollback: [searchCollapse({ consecutive: 1 })] },
      { id: 'production' },
    ]),
  );
  play.do(start());
  for (const precision of [0.1, 0.1, 0.1]) search(play, precision);
  expect(raisedBy(play)).toEqual(['journey_rolled_back_automatically', 'automatic_rollback_refused']);
});

test('S80: a goal wakes somebody when it becomes at risk, and not when it comes back or is unknown', () => {
  const play = playOf(smallDocument([{ id: 'production', goals: [{ metric: 'user_adoption', target: 0.7 }] }]));
  play.do(start());
  for (const rate of [0.9, 0.5, 0.4, 0.9]) say(play, 'user_adoption', { rate });
  expect(raisedBy(play)).toEqual(['goal_at_risk']);
});

test('S95: a unit that has failed wakes somebody, also one that undoes', () => {
  const play = playOf(
    smallDocument([
      { id: 'sandbox' },
      { id: 'pilot', tasks: [{ id: 'one', compensate: 'undo' }, { id: 'two' }] },
      { id: 'production' },
    ]),
  );
  play.do(start());
  succeed(play, 'one');
  failed(play, 'two', false);
  play.do({ type: 'roll_back', reason: 'back' });
  play.do({
    type: 'task_result',
    workId: 'uow-acme:3:_compensation',
    taskId: 'undo_1_one',
    fence: { generation: 1, attempt: 1 },
    owner: 1,
    outcome: { type: 'failed', code: 'task.failed', message: 'no', retryable: false },
  });
  expect(raisedBy(play)).toEqual(['unit_failed', 'unit_failed']);
});
