import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/time.ts';
import { demoApproval, goodSearch, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'one' }] },
  { id: 'pilot', tasks: [{ id: 'two' }], criteria: [searchQuality(), demoApproval()] },
  { id: 'launch', tasks: [{ id: 'three' }], criteria: [searchQuality()] },
  { id: 'production' },
]);

const toPilot = (): Play => {
  const play = playOf(document);
  play.do(start());
  play.pass(MINUTE);
  succeed(play, 'one');
  return play;
};

describe('a rollback', () => {
  test('S142: without a target goes to the stage before in the plan, with new work and a new entry', () => {
    const play = toPilot();
    const running = taskOf(play, 'two');
    play.pass(MINUTE);
    const events = play.do({ type: 'roll_back', reason: 'broken index' });
    expect(events.map(({ type }) => type)).toEqual(['journey_rolled_back', 'unit_cancelled', 'stage_entered']);
    expect(play.journey()).toMatchObject({
      stage: 'sandbox',
      previousStage: 'pilot',
      stageEntry: 3,
      stageStartedAt: play.now(),
      completedStages: [],
      units: [{ workId: 'uow-acme:3:sandbox_work', status: 'in_progress', tasks: {} }],
    });
    const late = play.refused({
      type: 'task_result',
      ...running,
      owner: 1,
      outcome: { type: 'succeeded', output: {} },
    });
    expect(late.refused, 'the result of cancelled work').toBe('task.superseded');
  });

  test('S142: from the first stage there is nothing to go back to', () => {
    const play = playOf(document);
    play.do(start());
    expect(play.refused({ type: 'roll_back', reason: 'why not' }).refused).toBe('stage.first');
  });

  test('what was decided on an entry that is over is refused, and says what has happened since', () => {
    const play = toPilot();
    const seenIn = play.journey().stageEntry;
    play.do({ type: 'roll_back', reason: 'first', entry: seenIn });
    const late = play.refused({ type: 'roll_back', reason: 'second', entry: seenIn });
    expect(late).toMatchObject({ refused: 'journey.moved', message: expect.stringContaining('sandbox') });
    expect(play.journey().stage).toBe('sandbox');
  });

  test('S143: to a named earlier stage drops that stage and everything after it from the completed ones', () => {
    const play = toPilot();
    succeed(play, 'two');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    approve(play);
    expect(play.journey()).toMatchObject({ stage: 'launch', completedStages: ['sandbox', 'pilot'] });
    play.do({ type: 'roll_back', toStage: 'pilot', reason: 'again' });
    expect(play.journey()).toMatchObject({ stage: 'pilot', stageEntry: 4, completedStages: ['sandbox'] });
    play.do({ type: 'roll_back', toStage: 'sandbox', reason: 'further' });
    expect(play.journey()).toMatchObject({ stage: 'sandbox', stageEntry: 5, completedStages: [] });
  });

  test.each([
    ['S143: to the present stage', 'pilot', 'stage.not_earlier'],
    ['S143: to a later stage', 'production', 'stage.not_earlier'],
    ['to a stage that does not exist', 'nowhere', 'stage.unknown'],
  ])('%s is refused', (_, toStage, code) => {
    const play = toPilot();
    expect(play.refused({ type: 'roll_back', toStage, reason: 'x' }).refused).toBe(code);
    expect(play.journey().stage).toBe('pilot');
  });

  test('to an earlier stage that the journey never passed is refused', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    succeed(play, 'one');
    const skipped = {
      ...play.plan,
      stages: play.plan.stages.map((stage) => (stage.id === 'sandbox' ? { ...stage, id: 'trial' } : stage)),
    };
    const refusal = play.refused(
      { type: 'roll_back', reason: 'x' },
      { plan: skipped, active: { ...skipped, hash: play.plan.hash } },
    );
    expect(refusal.refused).toBe('stage.not_earlier');
  });

  test('I11: voids the open request, and evidence from before it no longer counts', () => {
    const play = toPilot();
    succeed(play, 'two');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    const request = play.journey().approval;
    expect(request?.status).toBe('open');
    play.do({ type: 'roll_back', reason: 'back' });
    expect(play.log.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ type: 'approval_voided', approval_id: request?.id, why: 'rolled_back' }),
    );
    succeed(play, 'one');
    succeed(play, 'two');
    expect(play.journey()).toMatchObject({ stage: 'pilot', approval: null });
    expect(play.journey().verdicts['search_quality']).toMatchObject({ code: 'evidence.before_stage_entry' });
  });

  test('I11: evidence recorded before but dated after the rollback does not count either', () => {
    const play = toPilot();
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now() + 50_000)] });
    play.do({ type: 'roll_back', reason: 'back' });
    succeed(play, 'one');
    succeed(play, 'two');
    play.pass(MINUTE);
    play.do({ type: 'evaluate' });
    expect(play.journey().verdicts['search_quality']?.outcome).toBe('unknown');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now() - 61_000)] });
    expect(play.journey().verdicts['search_quality']?.outcome, 'a newer entry succeeds an older one').toBe('unknown');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    expect(play.journey().verdicts['search_quality']?.outcome).toBe('passed');
  });

  test('a journey that is queued or completed cannot be rolled back', () => {
    const play = playOf(document);
    play.do(start(), { mayAdmit: false });
    expect(play.refused({ type: 'roll_back', reason: 'x' }).refused).toBe('journey.not_active');
    play.do({ type: 'complete', reason: 'x' });
    expect(play.refused({ type: 'roll_back', reason: 'x' }).refused).toBe('journey.not_active');
  });

  test('S2: from the last stage takes a slot again', () => {
    const play = toPilot();
    succeed(play, 'two');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    approve(play);
    succeed(play, 'three');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    expect(play.journey()).toMatchObject({ stage: 'production', holdsSlot: false });
    play.do({ type: 'roll_back', reason: 'outage' });
    expect(play.journey()).toMatchObject({ stage: 'launch', holdsSlot: true });
  });
});

function approve(play: Play): void {
  const approvalId = play.journey().approval?.id ?? '';
  const by = { id: 'dana', kind: 'user', roles: ['approver'] } as const;
  play.do({ type: 'decide_approval', approvalId, decision: 'approve', reason: null, by });
}
