import { describe, expect, test } from 'vitest';
import { demoApproval, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { playOf, start, succeed, T0, taskOf } from '#test/support/engine/play.ts';

const document = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'one', input: { size: { type: 'number' } } }], criteria: [searchQuality()] },
  { id: 'pilot', tasks: [{ id: 'two' }], criteria: [demoApproval()] },
  { id: 'production' },
]);

describe('a journey starts', () => {
  test('S2: a start with a place free enters the first stage and creates its unit of work', () => {
    const play = playOf(document);
    const events = play.do(start());
    expect(events.map(({ type }) => type)).toEqual(['journey_started', 'stage_entered']);
    expect(play.journey()).toMatchObject({
      status: 'active',
      stage: 'sandbox',
      run: 1,
      stageEntry: 1,
      version: 2,
      enteredVersion: 2,
      holdsSlot: true,
      startedBy: 'olga',
      startedAt: T0,
      completedStages: [],
      configHash: play.plan.hash,
      units: [{ workId: 'uow-acme:1:sandbox_work', status: 'in_progress', owner: 1 }],
    });
  });

  test('S2: a start without a place waits as queued and holds no slot', () => {
    const play = playOf(document);
    play.do(start(), { mayAdmit: false });
    expect(play.journey()).toMatchObject({
      status: 'queued',
      stage: 'sandbox',
      stageEntry: 0,
      holdsSlot: false,
      units: [],
    });
    expect(play.do({ type: 'admit' }, { mayAdmit: false })).toEqual([]);
    play.do({ type: 'admit' });
    expect(play.journey()).toMatchObject({ status: 'active', stageEntry: 1 });
  });

  test('an admission finds nothing to do for a journey that is under way, and none without a start', () => {
    const play = playOf(document);
    expect(play.refused({ type: 'admit' }).refused).toBe('journey.unknown');
    play.do(start());
    expect(play.refused({ type: 'admit' }).refused).toBe('journey.not_active');
  });

  test('S139: a second start of a client that is under way is refused with its stage and status', () => {
    const play = playOf(document);
    play.do(start());
    const refusal = play.refused(start());
    expect(refusal).toMatchObject({ refused: 'journey.exists', details: { stage: 'sandbox', status: 'active' } });
    expect(play.journey().version).toBe(2);
  });

  test('S93: an input of the wrong type is refused when it is given, with its name and the type', () => {
    expect(playOf(document).refused(start({ size: 'big' }))).toMatchObject({
      refused: 'task.input_invalid',
      details: { input: 'size', type: 'number' },
    });
  });

  test('without room here the unit is left without an owner, for whoever claims it', () => {
    const play = playOf(document);
    play.do(start(), { hasRoom: false });
    expect(play.journey().units[0]?.owner).toBeNull();
  });

  test('every other command to a client that never started says that the journey is unknown', () => {
    for (const command of [
      { type: 'evaluate' },
      { type: 'promote', reason: 'now' },
      { type: 'roll_back', reason: 'now' },
      { type: 'complete', reason: 'now' },
      { type: 'request_approval' },
    ] as const)
      expect(playOf(document).refused(command).refused).toBe('journey.unknown');
  });
});

describe('a journey is completed', () => {
  test('completing cancels what runs, frees the slot, and the late result of its task is superseded', () => {
    const play = playOf(document);
    play.do(start());
    const task = taskOf(play, 'one');
    expect(play.do({ type: 'complete', reason: 'over' }).map(({ type }) => type)).toEqual([
      'unit_cancelled',
      'journey_completed',
    ]);
    expect(play.journey()).toMatchObject({ status: 'completed', holdsSlot: false, units: [{ status: 'cancelled' }] });
    const late = play.refused({ type: 'task_result', ...task, owner: 1, outcome: { type: 'succeeded', output: {} } });
    expect(late.refused).toBe('journey.not_active');
  });

  test('a queued journey can be completed', () => {
    const play = playOf(document);
    play.do(start(), { mayAdmit: false });
    play.do({ type: 'complete', reason: 'not now' });
    expect(play.journey()).toMatchObject({ status: 'completed', stageEntry: 0 });
  });

  test('S99: a completed client starts again as run 2; stage entries, seq and evidence go on, the rest begins anew', () => {
    const play = playOf(document);
    play.do(start({ size: 3 }));
    succeed(play, 'one');
    const before = play.journey().version;
    play.do({ type: 'complete', reason: 'over' });
    play.pass(1_000);
    play.do(start());
    expect(play.journey()).toMatchObject({
      run: 2,
      stage: 'sandbox',
      stageEntry: 2,
      version: before + 3,
      completedStages: [],
      outputs: {},
      inputs: { data_sources: ['jira', 'slack'] },
      units: [{ workId: 'uow-acme:2:sandbox_work', tasks: {} }],
      approval: null,
    });
    expect(play.journey().inputs).not.toHaveProperty('size');
  });
});
