import { describe, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import type { Actor } from '#core/journey/journey.ts';
import {
  actorOf,
  dana,
  demoApproval,
  erin,
  goodSearch,
  olga,
  robot,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { failed, playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'one' }, { id: 'two', retries: 0 }], criteria: [searchQuality(), demoApproval()] },
  { id: 'pilot', tasks: [{ id: 'three' }], auto: false },
  { id: 'production' },
]);
const started = (): Play => {
  const play = playOf(document);
  play.do(start());
  return play;
};
const ask = (by: Actor = actorOf(olga)) => ({ type: 'request_override', reason: 'the survey is late', by }) as const;
const confirm = (play: Play, by: Actor = actorOf(dana)) =>
  ({ type: 'confirm_override', overrideId: play.journey().override?.id ?? '', by }) as const;

describe('S3: an override that comes too late', () => {
  test('cancels nothing and may be confirmed again', () => {
    const play = started();
    play.do(ask());
    const before = play.journey();
    const late = play.do(confirm(play), { since: play.now() - 301_000 });
    expect(late).toMatchObject([{ type: 'stage_transition_timed_out', kind: 'override' }]);
    expect(play.journey()).toMatchObject({ stage: before.stage, units: before.units, override: before.override });
    play.do(confirm(play));
    expect(play.journey().stage).not.toBe(before.stage);
  });
});

describe('S61: an override of a shut gate', () => {
  test('is asked for by one person and changes nothing but that it is asked for', () => {
    const play = started();
    expect(play.do(ask())).toEqual([
      {
        type: 'override_requested',
        override_id: 'ovr-acme:1:3',
        by: 'olga',
        reason: 'the survey is late',
        digest: expect.any(String) as string,
        missing: ['work', 'search_quality', 'demo_approval'],
        outcomes: { search_quality: 'unknown', demo_approval: 'unknown' },
        expires_at: play.now() + DAY,
      },
    ]);
    expect(play.journey()).toMatchObject({ stage: 'sandbox', override: { requestedBy: 'olga' } });
  });

  test('is confirmed by a second one: the journey passes, both are named, and what was under way is cancelled', () => {
    const play = started();
    failed(play, 'two', false);
    const running = taskOf(play, 'one');
    play.do(ask());
    const events = play.do(confirm(play));
    expect(events.map(({ type }) => type)).toEqual(['override_confirmed', 'unit_cancelled', 'stage_entered']);
    expect(events[2]).toMatchObject({
      kind: 'override',
      from: 'sandbox',
      stage: 'pilot',
      reason: 'the survey is late',
      completed_stages: ['sandbox'],
      override: { override_id: 'ovr-acme:1:5', requested_by: 'olga', confirmed_by: 'dana' },
      results: [{ check_id: 'search_quality', outcome: 'unknown' }, { check_id: 'demo_approval' }],
    });
    expect(play.journey().override).toBeNull();
    const late = { type: 'task_result', ...running, owner: 1, outcome: { type: 'succeeded', output: {} } } as const;
    expect(play.refused(late).refused).toBe('task.superseded');
  });

  test('is not confirmed by who asked for it, nor asked for or confirmed by an agent', () => {
    const play = started();
    expect(play.refused(ask(actorOf(robot))).refused).toBe('override.by_agent');
    play.do(ask());
    expect(play.refused(confirm(play, actorOf(olga))).refused).toBe('override.by_requester');
    expect(play.refused(confirm(play, actorOf(robot))).refused).toBe('override.by_agent');
    expect(play.journey().stage).toBe('sandbox');
  });

  test('asked for twice on the same is one request, whoever asks', () => {
    const play = started();
    play.do(ask());
    expect(play.refused(ask(actorOf(erin)))).toMatchObject({
      refused: 'override.pending',
      hint: expect.stringContaining('Somebody other than olga') as string,
    });
  });

  test('is bound to what was shown: work, outcomes, stage entry', () => {
    const play = started();
    play.do(ask());
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    expect(play.refused(confirm(play))).toMatchObject({
      refused: 'override.stale',
      details: {
        before: ['work', 'search_quality', 'demo_approval'],
        now: ['work', 'demo_approval'],
      },
    });
    play.do(ask(actorOf(erin)));
    failed(play, 'two', false);
    expect(play.refused(confirm(play)).refused, 'a unit that has failed meanwhile').toBe('override.stale');
    play.do(ask());
    expect(play.journey().override?.requestedBy).toBe('olga');
    play.do(confirm(play));
    expect(play.journey().stage).toBe('pilot');
  });

  test('expires after a day, and can then be asked for anew', () => {
    const play = started();
    play.do(ask());
    play.pass(DAY + 1);
    expect(play.refused(confirm(play)).refused).toBe('override.expired');
    play.do(ask(actorOf(dana)));
    expect(play.journey().override).toMatchObject({ requestedBy: 'dana', expiresAt: play.now() + DAY });
  });

  test('does not survive a rollback, and is not confirmed under another id', () => {
    const play = started();
    play.do(ask());
    play.do(confirm(play));
    play.do(ask());
    const old = confirm(play);
    play.do({ type: 'roll_back', reason: 'back' });
    expect(play.refused(old).refused).toBe('override.unknown');
    expect(play.refused({ ...old, overrideId: 'ovr-acme:9:9' }).refused).toBe('override.unknown');
  });

  test('where the gate is open is an ordinary promotion, which needs no second person', () => {
    const play = started();
    play.do(ask());
    play.do(confirm(play));
    succeed(play, 'three');
    expect(play.journey().stage, 'without auto-promotion the open gate waits').toBe('pilot');
    const [event] = play.do(ask());
    expect(event).toMatchObject({ type: 'stage_entered', kind: 'promotion', stage: 'production' });
    expect(play.refused(ask()).refused, 'the last stage has no gate').toBe('stage.final');
  });

  test('voids the request for approval that it passes over', () => {
    const play = playOf(smallDocument([{ id: 'pilot', criteria: [demoApproval()] }, { id: 'production' }]));
    play.do(start());
    expect(play.journey().approval?.status).toBe('open');
    play.do(ask());
    expect(play.do(confirm(play))[1]).toMatchObject({ type: 'approval_voided', why: 'overridden' });
  });
});

describe('S82: promote', () => {
  test('by somebody who looked before a rollback promotes nothing that followed from it', () => {
    const play = playOf(
      smallDocument([{ id: 'sandbox', auto: false }, { id: 'pilot', auto: false }, { id: 'production' }]),
    );
    play.do(start());
    play.do({ type: 'promote', reason: 'go' });
    const looked = play.journey().stageEntry;
    play.do({ type: 'roll_back', reason: 'back' });
    expect(play.refused({ type: 'promote', reason: 'go on', entry: looked })).toMatchObject({
      refused: 'journey.moved',
      message: 'acme has moved on meanwhile: it is in sandbox now.',
    });
    play.do({ type: 'promote', reason: 'go', entry: play.journey().stageEntry });
    expect(play.journey().stage).toBe('pilot');
  });
});
