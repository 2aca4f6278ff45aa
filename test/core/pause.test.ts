import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import { durationOf, ongoing } from '#core/journey/durations.ts';
import { pausedTime } from '#core/journey/time-split.ts';
import { demoApproval, goodSearch, searchQuality, seen, smallDocument } from '#test/support/engine/fixtures.ts';
import { failed, playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  {
    id: 'sandbox',
    tasks: [
      { id: 'one', retries: 2 },
      { id: 'two', after: ['one'] },
      { id: 'three', input: { users: { type: 'array', required: true } } },
    ],
    criteria: [searchQuality()],
  },
  { id: 'pilot', criteria: [searchQuality(), demoApproval()] },
  { id: 'production' },
]);
const started = (): Play => {
  const play = playOf(document);
  play.do(start());
  return play;
};
const pause = (play: Play) => play.do({ type: 'pause', reason: 'the client moves' });
const resume = (play: Play) => play.do({ type: 'resume', reason: 'it has moved' });
const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

describe('a paused journey', () => {
  test('keeps its slot, says since when and why, and is not paused twice', () => {
    const play = started();
    expect(pause(play)).toEqual([{ type: 'journey_paused', reason: 'the client moves' }]);
    expect(play.journey()).toMatchObject({
      status: 'paused',
      holdsSlot: true,
      pause: { since: play.now(), reason: 'the client moves' },
    });
    expect(play.refused({ type: 'pause', reason: 'again' })).toMatchObject({
      refused: 'journey.not_active',
      hint: expect.stringContaining('the client moves') as string,
    });
  });

  test('records the result of what was running, begins nothing after it, and goes on with it on resume', () => {
    const play = started();
    pause(play);
    expect(typesOf(succeed(play, 'one'))).toEqual(['task_succeeded']);
    expect(play.journey().units[0]?.tasks['two']).toBeUndefined();
    const events = play.do({ type: 'resume', reason: 'on' }, { epoch: 2, route: () => 'a2a' });
    expect(typesOf(events)).toEqual([
      'journey_resumed',
      'unit_taken_over',
      'task_dispatched',
      'task_waiting_for_input',
      'criteria_judged',
    ]);
    expect(events[2]).toMatchObject({ task_id: 'two', via: 'a2a' });
  });

  test('records a failure, but makes no new attempt before it is resumed', () => {
    const play = started();
    const of = taskOf(play, 'one');
    pause(play);
    failed(play, 'one');
    const attempt = { type: 'begin_attempt', ...of, fence: { generation: 1, attempt: 2 } } as const;
    play.pass(MINUTE);
    expect(play.refused(attempt).refused).toBe('journey.not_active');
    expect(typesOf(resume(play))).toContain('task_dispatched');
    expect(play.journey().units[0]?.tasks['one']).toMatchObject({ status: 'running', attempt: 2 });
  });

  test('a retry whose time has not come on resume waits on, as it would have', () => {
    const play = started();
    pause(play);
    failed(play, 'one');
    resume(play);
    expect(play.journey().units[0]?.tasks['one']).toMatchObject({ status: 'retry_wait', attempt: 2 });
  });

  test('keeps evidence, and nothing follows from it until resume, when it does at once', () => {
    const play = started();
    for (const task of ['one', 'two']) succeed(play, task);
    play.do({ type: 'provide_input', inputs: { users: ['ann'] } });
    succeed(play, 'three');
    pause(play);
    const events = play.do({
      type: 'record_evidence',
      observations: [seen('search_quality', goodSearch, play.now())],
    });
    expect(typesOf(events)).toEqual(['evidence_recorded']);
    expect(play.do({ type: 'evaluate' })).toEqual([]);
    expect(play.do({ type: 'judge' })).toEqual([]);
    expect(typesOf(resume(play)).slice(0, 2)).toEqual(['journey_resumed', 'stage_entered']);
    expect(play.journey().stage).toBe('pilot');
  });

  test('takes inputs, and the task that waited for them begins on resume', () => {
    const play = started();
    pause(play);
    expect(typesOf(play.do({ type: 'provide_input', inputs: { users: ['ann'] } }))).toEqual(['input_provided']);
    resume(play);
    expect(play.journey().units[0]?.tasks['three']).toMatchObject({ status: 'running' });
  });

  test.each([
    { type: 'promote', reason: 'x' },
    { type: 'request_approval' },
    { type: 'retry_tasks', workId: 'uow-acme:1:sandbox_work' },
    { type: 'take_over', workId: 'uow-acme:1:sandbox_work', from: 1 },
    { type: 'request_override', reason: 'x', by: { id: 'olga', kind: 'user', roles: ['operator'] } },
  ] as const)('refuses $type until it is resumed', (command) => {
    const play = started();
    pause(play);
    expect(play.refused(command)).toMatchObject({
      refused: 'journey.not_active',
      hint: expect.stringContaining('resume') as string,
    });
  });

  test('a rollback ends the pause, and complete ends the journey', () => {
    const play = started();
    for (const task of ['one', 'two']) succeed(play, task);
    play.do({ type: 'provide_input', inputs: { users: ['ann'] } });
    succeed(play, 'three');
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    pause(play);
    play.pass(HOUR);
    const events = play.do({ type: 'roll_back', reason: 'worse than thought' });
    expect(events.slice(0, 2)).toEqual([
      { type: 'journey_resumed', reason: 'worse than thought', paused_ms: HOUR },
      { type: 'journey_rolled_back', from: 'pilot', to: 'sandbox', reason: 'worse than thought' },
    ]);
    expect(play.journey()).toMatchObject({
      status: 'active',
      stage: 'sandbox',
      pause: null,
      waits: { spent: { paused: 0 } },
    });
    pause(play);
    play.pass(HOUR);
    play.do({ type: 'complete', reason: 'over' });
    expect(play.journey()).toMatchObject({
      status: 'completed',
      pause: null,
      holdsSlot: false,
      waits: { spent: { paused: HOUR } },
    });
  });

  test('an open request for approval stays, is not decided on while it is paused, and expires on resume', () => {
    const play = playOf(
      smallDocument([{ id: 'pilot', criteria: [demoApproval({ expires_after_days: 1 })] }, { id: 'production' }]),
    );
    play.do(start());
    const approvalId = play.journey().approval?.id ?? '';
    pause(play);
    const by = { id: 'dana', kind: 'user', roles: ['approver'] } as const;
    const decision = { type: 'decide_approval', approvalId, decision: 'approve', reason: null, by } as const;
    expect(play.refused(decision).refused).toBe('journey.not_active');
    play.pass(2 * DAY);
    expect(typesOf(resume(play))).toEqual(['journey_resumed', 'approval_voided', 'approval_requested']);
    expect(play.journey().approval).toMatchObject({ status: 'open', requestedAt: play.now() });
  });

  test('pauses add up by stage entry, apart from the time that counts', () => {
    const play = started();
    const pausedFor_ms = () => pausedTime(play.journey().waits, play.now()).all_ms;
    play.pass(DAY);
    pause(play);
    play.pass(3 * DAY);
    expect(pausedFor_ms()).toBe(3 * DAY);
    resume(play);
    play.pass(HOUR);
    pause(play);
    play.pass(HOUR);
    resume(play);
    expect(pausedFor_ms()).toBe(3 * DAY + HOUR);
    expect(durationOf(ongoing, play.journey(), play.now()).age_ms).toBe(DAY + HOUR);
  });
});

describe('resume', () => {
  test('of what is not paused is refused', () => {
    const play = started();
    expect(play.refused({ type: 'resume', reason: 'x' }).refused).toBe('journey.not_paused');
  });

  test('neither a queued nor a completed journey is paused', () => {
    const play = playOf(document);
    play.do(start(), { mayAdmit: false });
    expect(play.refused({ type: 'pause', reason: 'x' })).toMatchObject({ message: 'acme is queued.' });
    play.do({ type: 'complete', reason: 'x' });
    expect(play.refused({ type: 'pause', reason: 'x' })).toMatchObject({ message: 'acme is completed.' });
  });
});
