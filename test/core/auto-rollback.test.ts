import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import type { JsonObject } from '#core/json.ts';
import { rollbackTrigger } from '#core/criteria/rollback-criteria.ts';
import {
  documentWith,
  goodSearch,
  realDocument,
  searchCollapse,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { folded, playOf, start, succeed, type Play } from '#test/support/engine/play.ts';

type Parts = { readonly rollback?: readonly JsonObject[]; readonly more?: { readonly [part: string]: unknown } };

/** A journey in the pilot, which a person has to leave by hand. */
function inPilot({ rollback = [searchCollapse()], more = {} }: Parts = {}): Play {
  const play = playOf(
    smallDocument(
      [
        { id: 'sandbox', tasks: [{ id: 'one' }] },
        { id: 'pilot', tasks: [{ id: 'two', compensate: 'undo_two' }], auto: false, rollback },
        { id: 'launch', auto: false, rollback },
        { id: 'production', rollback },
      ],
      more,
    ),
  );
  play.do(start());
  succeed(play, 'one');
  return play;
}

const say = (play: Play, precision: number, more: JsonObject = {}) => {
  play.pass(MINUTE);
  const value = { ...goodSearch, precision, ...more };
  return play.do({ type: 'record_evidence', observations: [seen('search_quality', value, play.now())] });
};
const eventsOf = (play: Play, type: string) =>
  play.log.map(({ event }) => event).filter((event) => event.type === type);

describe('S62: rollback criteria', () => {
  test('bring a journey back a stage once they have failed in a row, with the verdicts and as nobody but the system', () => {
    const play = inPilot();
    succeed(play, 'two');
    say(play, 0.3);
    expect(play.journey().stage, 'one bad figure decides nothing').toBe('pilot');
    const events = say(play, 0.2);
    expect(events.map(({ type }) => type)).toEqual([
      'evidence_recorded',
      'criteria_tracked',
      'journey_rolled_back_automatically',
      'stage_entered',
      'compensation_planned',
    ]);
    expect(events[2]).toMatchObject({
      from: 'pilot',
      to: 'sandbox',
      reason: expect.stringContaining('search_collapse: precision@5 is 0.2, under 0.5') as string,
      verdicts: [{ check_id: 'search_collapse', outcome: 'failed', measured: 0.2, target: 0.5 }],
    });
    expect(events[3]).toMatchObject({ kind: 'rollback', automatic: true });
    expect(play.journey()).toMatchObject({ stage: 'sandbox', entryKind: 'rollback', rolledBackAt: [play.now()] });
  });

  test('do not count a failure that a pass has interrupted', () => {
    const play = inPilot();
    say(play, 0.3);
    say(play, 0.9);
    say(play, 0.3);
    expect(play.journey().stage).toBe('pilot');
  });

  test('with for_hours go back by time alone, and tell the poll when', () => {
    const play = inPilot({ rollback: [searchCollapse({ for_hours: 6 })] });
    say(play, 0.3);
    const since = play.now();
    const stage = play.plan.stages[1];
    if (!stage) throw new Error('There is no pilot.');
    expect(rollbackTrigger(play.plan, stage, play.journey(), play.now())).toEqual({
      verdicts: [],
      changesAt: since + 6 * HOUR,
    });
    play.pass(6 * HOUR - 1);
    expect(play.do({ type: 'evaluate' })).toEqual([]);
    play.pass(1);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('sandbox');
  });

  test('that are unknown never send anybody back, however long', () => {
    const play = inPilot({ rollback: [searchCollapse({ for_hours: 1 })] });
    say(play, 0.1, { sampled: 3 });
    play.pass(2 * DAY);
    play.do({ type: 'evaluate' });
    say(play, 0.1, { k: 1 });
    play.pass(30 * DAY);
    play.do({ type: 'evaluate' });
    expect(play.journey().stage).toBe('pilot');
  });

  test('work in the last stage, which has no gate', () => {
    const play = inPilot();
    succeed(play, 'two');
    play.do({ type: 'promote', reason: 'go' });
    play.do({ type: 'promote', reason: 'go' });
    expect(play.journey().stage).toBe('production');
    say(play, 0.3);
    say(play, 0.2);
    expect(play.journey()).toMatchObject({ stage: 'launch', holdsSlot: true });
  });

  test('do nothing where features.auto_rollback_enabled is off', () => {
    const play = inPilot({ more: { features: { ...realDocument.features, auto_rollback_enabled: false } } });
    for (let times = 0; times < 4; times += 1) say(play, 0.1);
    expect(play.journey().stage).toBe('pilot');
    expect(eventsOf(play, 'automatic_rollback_refused')).toEqual([]);
  });

  test('do nothing while the journey is paused, and all of it on resume', () => {
    const play = inPilot({ rollback: [searchCollapse({ consecutive: 1 })] });
    play.do({ type: 'pause', reason: 'x' });
    say(play, 0.1);
    expect(play.journey()).toMatchObject({ stage: 'pilot', status: 'paused' });
    play.do({ type: 'resume', reason: 'x' });
    expect(play.journey().stage).toBe('sandbox');
  });
});

describe('S62: an automatic rollback', () => {
  test('never follows a rollback: people are told once, and nothing else happens', () => {
    const play = inPilot();
    succeed(play, 'two');
    play.do({ type: 'promote', reason: 'go' });
    play.do({ type: 'roll_back', reason: 'by hand' });
    expect(play.journey()).toMatchObject({ stage: 'pilot', entryKind: 'rollback' });
    for (let times = 0; times < 5; times += 1) say(play, 0.1);
    expect(play.journey().stage).toBe('pilot');
    expect(eventsOf(play, 'automatic_rollback_refused')).toMatchObject([
      { why: 'rolled_back_before', stage: 'pilot', verdicts: [{ check_id: 'search_collapse' }] },
    ]);
  });

  test('happens once in seven days unless the configuration says more', () => {
    const play = inPilot();
    say(play, 0.1);
    say(play, 0.1);
    succeed(play, 'one');
    expect(play.journey().stage).toBe('pilot');
    say(play, 0.1);
    say(play, 0.1);
    expect(play.journey().stage).toBe('pilot');
    expect(eventsOf(play, 'automatic_rollback_refused')).toMatchObject([
      { why: 'too_many', message: expect.stringContaining('1 times in 7 days; 1 is the limit') as string },
    ]);
    play.pass(8 * DAY);
    say(play, 0.1);
    expect(play.journey().stage, 'what was refused in a stage entry stays refused in it').toBe('pilot');
  });

  test('may happen again once the window is over, also by what was loaded from the events', () => {
    const play = inPilot();
    say(play, 0.1);
    say(play, 0.1);
    expect(folded(play.log, play.clientId)?.rolledBackAt).toEqual(play.journey().rolledBackAt);
    play.pass(7 * DAY);
    succeed(play, 'one');
    say(play, 0.1);
    say(play, 0.1);
    expect(play.journey().stage).toBe('sandbox');
    expect(eventsOf(play, 'journey_rolled_back_automatically')).toHaveLength(2);
  });

  test('counts against the limit of the configuration', () => {
    const play = inPilot({ more: { auto_rollback: { max: 2, window_days: 30 } } });
    for (let times = 0; times < 3; times += 1) {
      say(play, 0.1);
      say(play, 0.1);
      if (play.journey().stage === 'sandbox') succeed(play, 'one');
    }
    expect(eventsOf(play, 'journey_rolled_back_automatically')).toHaveLength(2);
    expect(eventsOf(play, 'automatic_rollback_refused')).toHaveLength(1);
  });

  test('leads past a stage that the journey never passed', () => {
    const play = inPilot();
    const skipped = {
      ...play.plan,
      stages: play.plan.stages.map((stage) => (stage.id === 'sandbox' ? { ...stage, id: 'other' } : stage)),
    };
    const world = { plan: skipped, active: { ...skipped, hash: play.plan.hash } };
    play.pass(MINUTE);
    for (const precision of [0.1, 0.2]) {
      play.pass(MINUTE);
      const observations = [seen('search_quality', { ...goodSearch, precision }, play.now())];
      play.do({ type: 'record_evidence', observations }, world);
    }
    expect(play.journey().stage, 'there is nowhere to go').toBe('pilot');
  });
});

describe('S62: without rollback criteria', () => {
  test('a criterion that had passed and fails is told, once a stage entry, and nobody goes back', () => {
    const play = playOf(
      smallDocument([
        { id: 'sandbox' },
        { id: 'pilot', tasks: [{ id: 'two' }], criteria: [searchQuality()] },
        { id: 'production' },
      ]),
    );
    play.do(start());
    say(play, 0.3);
    expect(eventsOf(play, 'criterion_regressed'), 'it had never passed').toEqual([]);
    say(play, 0.9);
    say(play, 0.3);
    say(play, 0.9);
    say(play, 0.2);
    expect(eventsOf(play, 'criterion_regressed')).toEqual([
      {
        type: 'criterion_regressed',
        check_id: 'search_quality',
        message: 'precision@5 is 0.3, under 0.8 (over 250 queries).',
      },
    ]);
    expect(play.journey().stage).toBe('pilot');
  });

  test('the configuration of the guide rolls nobody back', () => {
    expect(documentWith({}).stages.flatMap(({ rollback_criteria }) => rollback_criteria)).toEqual([]);
  });
});
