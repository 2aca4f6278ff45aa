import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { DecideApproval } from '#core/journey/commands.ts';
import type { Actor } from '#core/journey/journey.ts';
import { DAY, HOUR } from '#core/time.ts';
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
import { playOf, start, succeed, type Play } from '#test/support/engine/play.ts';

const stage = (parameters: JsonObject) =>
  smallDocument([
    { id: 'sandbox', tasks: [{ id: 'one' }], criteria: [searchQuality(), demoApproval(parameters)] },
    { id: 'production' },
  ]);

/** Work is done and the search is good: people are asked. */
function asked(parameters: JsonObject = {}): Play {
  const play = playOf(stage(parameters));
  play.do(start());
  succeed(play, 'one');
  play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
  return play;
}

const decision = (play: Play, by: Actor, more: Partial<DecideApproval> = {}): DecideApproval => ({
  type: 'decide_approval',
  approvalId: play.journey().approval?.id ?? '',
  decision: 'approve',
  reason: null,
  by,
  ...more,
});
const person = (id: string, ...roles: string[]): Actor => ({ id, kind: 'user', roles });
const measured = (play: Play, precision: number) =>
  play.do({
    type: 'record_evidence',
    observations: [seen('search_quality', { ...goodSearch, precision }, play.now())],
  });

describe('S75: people are asked', () => {
  test('when everything else is there, and not before', () => {
    const play = playOf(stage({}));
    play.do(start());
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    expect(play.journey().approval, 'the work is not done').toBeNull();
    succeed(play, 'one');
    expect(play.journey().approval).toMatchObject({ status: 'open', outcomes: { search_quality: 'passed' } });
    expect(play.refused({ type: 'promote', reason: 'now' })).toMatchObject({
      refused: 'gate.shut',
      details: { missing: ['demo_approval'] },
    });
  });

  test('once: looking again asks nobody twice', () => {
    const play = asked();
    const { id } = play.journey().approval ?? {};
    play.do({ type: 'evaluate' });
    play.do({ type: 'evaluate' });
    measured(play, 0.95);
    expect(play.journey().approval).toMatchObject({ id, status: 'open' });
  });

  test('not at all where the approval is not required: it counts as skipped', () => {
    const play = asked({ required: false });
    expect(play.journey()).toMatchObject({ stage: 'production', completedStages: ['sandbox'] });
  });
});

describe('an approval', () => {
  test('I4: by an approver opens the gate, and the transition names it', () => {
    const play = asked();
    const { id } = play.journey().approval ?? {};
    const events = play.do(decision(play, actorOf(dana)));
    expect(events.map(({ type }) => type)).toEqual(['approval_decided', 'stage_entered']);
    expect(events[1]).toMatchObject({ stage: 'production', kind: 'promotion', approval_id: id });
  });

  test.each([
    ['the initiator, even as an approver', person('olga', 'approver'), 'approval.by_initiator'],
    ['an agent, whatever its roles', actorOf(robot), 'approval.by_agent'],
    ['the system', { id: 'system', kind: 'system', roles: ['approver'] } as const, 'approval.by_agent'],
    ['a person without the role', person('fred', 'operator'), 'approval.not_an_approver'],
  ])('I4: by %s is refused', (_, by, code) => {
    const play = asked();
    expect(play.refused(decision(play, by)).refused).toBe(code);
    expect(play.journey()).toMatchObject({ stage: 'sandbox', approval: { status: 'open', votes: [] } });
  });

  test('is for those whom the config names', () => {
    const play = asked({ approvers: ['user:fred', 'role:admin'] });
    expect(play.refused(decision(play, actorOf(dana))).refused).toBe('approval.not_an_approver');
    play.do(decision(play, person('anyone', 'admin')));
    expect(play.journey().stage).toBe('production');
  });

  test('may come from the initiator where the config allows it', () => {
    const play = asked({ exclude_initiator: false });
    play.do(decision(play, person(olga.id, 'approver')));
    expect(play.journey().stage).toBe('production');
  });

  test('min_approvals 2: one person counts once, the second one opens the gate', () => {
    const play = asked({ min_approvals: 2 });
    play.do(decision(play, actorOf(dana)));
    expect(play.journey()).toMatchObject({ stage: 'sandbox', approval: { status: 'open', votes: ['dana'] } });
    expect(play.refused(decision(play, actorOf(dana))).refused).toBe('approval.already_counted');
    play.do(decision(play, actorOf(erin)));
    expect(play.journey()).toMatchObject({ stage: 'production' });
  });

  test('of another request than the open one is refused', () => {
    const play = asked();
    expect(play.refused(decision(play, actorOf(dana), { approvalId: 'apr-acme:1:1' })).refused).toBe(
      'approval.not_open',
    );
  });

  test('with another digest than the request has is refused as stale', () => {
    const play = asked();
    expect(play.refused(decision(play, actorOf(dana), { digest: 'other' })).refused).toBe('approval.stale');
    const { digest } = play.journey().approval ?? {};
    play.do(decision(play, actorOf(dana), { digest }));
    expect(play.journey().stage).toBe('production');
  });

  test('I4: is void when an outcome has moved, says which, and a new request follows when it is there again', () => {
    const play = asked();
    const first = play.journey().approval;
    play.pass(1_000);
    measured(play, 0.5);
    expect(play.journey().approval).toMatchObject({ status: 'void', reason: 'stale' });
    expect(play.refused(decision(play, actorOf(dana)))).toMatchObject({
      refused: 'approval.stale',
      details: { changed: ['search_quality: passed -> failed'] },
    });
    play.pass(1_000);
    measured(play, 0.9);
    expect(play.journey().approval?.id).not.toBe(first?.id);
    play.do(decision(play, actorOf(dana)));
    expect(play.journey().stage).toBe('production');
  });

  test('evidence that has grown old since it was asked for makes it stale, with what changed', () => {
    const play = asked({ expires_after_days: 30 });
    play.pass(8 * DAY);
    expect(play.refused(decision(play, actorOf(dana)))).toMatchObject({
      refused: 'approval.stale',
      details: { changed: ['search_quality: passed -> unknown'] },
    });
  });

  test('after its time is refused as expired, and the next look asks anew', () => {
    const play = asked({ expires_after_days: 1 });
    play.pass(DAY + 1);
    expect(play.refused(decision(play, actorOf(dana))).refused).toBe('approval.expired');
    const { id } = play.journey().approval ?? {};
    play.do({ type: 'evaluate' });
    expect(play.journey().approval).toMatchObject({ status: 'open' });
    expect(play.journey().approval?.id).not.toBe(id);
  });

  test('I4: that was granted is judged against its digest again when the gate is to open', () => {
    const scan = { check_id: 'scan', name: 'Scan', validator: 'SecurityScanValidator' };
    const criteria = [
      searchQuality(0.8, { required: false }),
      { ...scan, parameters: { max_critical: 0, max_high: 5 } },
      demoApproval(),
    ];
    const play = playOf(
      smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }], criteria, auto: false }, { id: 'production' }]),
    );
    play.do(start());
    succeed(play, 'one');
    measured(play, 0.9);
    play.do({ type: 'record_evidence', observations: [seen('security_scan', { critical: 0, high: 0 }, play.now())] });
    play.do(decision(play, actorOf(dana)));
    // The search holds nobody, but it is part of what was approved, and time alone makes it unknown.
    play.pass(8 * DAY);
    expect(play.refused({ type: 'promote', reason: 'go' })).toMatchObject({ details: { missing: ['demo_approval'] } });
    play.do({ type: 'evaluate' });
    expect(play.journey().approval).toMatchObject({ status: 'open', votes: [] });
    play.do(decision(play, actorOf(dana)));
    play.do({ type: 'promote', reason: 'go' });
    expect(play.journey().stage).toBe('production');
  });

  test('a second decision after the gate opened is refused', () => {
    const play = asked();
    const late = decision(play, actorOf(erin));
    play.do(decision(play, actorOf(dana)));
    expect(play.refused(late).refused).toBe('approval.not_open');
  });
});

const member = (...groups: string[]): Actor => ({ id: 'gil', kind: 'user', roles: ['viewer'], groups });

describe('S75: groups', () => {
  test.each([
    ['group:client-success', ['group:legal', 'group:client-success']],
    ['slack_group:S0123', ['slack_group:S0123']],
  ])('%s: whoever the door found in it may decide, whatever the role', (approver, groups) => {
    const play = asked({ approvers: [approver] });
    expect(play.refused(decision(play, member('group:sales'))).refused).toBe('approval.not_an_approver');
    expect(play.refused(decision(play, actorOf(dana))), 'the role alone is not enough then').toMatchObject({
      refused: 'approval.not_an_approver',
    });
    play.do(decision(play, member(...groups)));
    expect(play.journey().stage).toBe('production');
  });

  test('an agent in the group is refused like any other', () => {
    const play = asked({ approvers: ['group:client-success'] });
    const agent: Actor = { ...member('group:client-success'), kind: 'agent' };
    expect(play.refused(decision(play, agent)).refused).toBe('approval.by_agent');
  });

  test('one person counts once, over all doors: the name counts, not the way in', () => {
    const play = asked({ approvers: ['group:client-success', 'slack_group:S0123'], min_approvals: 2 });
    play.do(decision(play, member('group:client-success')));
    expect(play.refused(decision(play, member('slack_group:S0123'))).refused).toBe('approval.already_counted');
    play.do(decision(play, { ...member('slack_group:S0123'), id: 'hal' }));
    expect(play.journey().stage).toBe('production');
  });
});

const reminders = (play: Play) =>
  play.log.flatMap(({ event, at }) => (event.type === 'approval_reminded' ? [[event.reminder, at]] : []));

describe('S75: a request that nobody decides on', () => {
  test('is brought to mind at the interval, and not more often than max_reminders', () => {
    const play = asked({ remind_after_hours: 24, max_reminders: 2, expires_after_days: 30 });
    const begun = play.now();
    for (let hour = 0; hour < 6 * 24; hour += 6) {
      play.do({ type: 'evaluate' });
      play.pass(6 * HOUR);
    }
    expect(reminders(play)).toEqual([
      [1, begun + DAY],
      [2, begun + 2 * DAY],
    ]);
    expect(play.journey().approval).toMatchObject({ status: 'open', reminders: 2, remindedAt: begun + 2 * DAY });
  });

  test('is brought to mind once, however many intervals nobody has looked, and the next one counts from there', () => {
    const play = asked({ remind_after_hours: 24, max_reminders: 5, expires_after_days: 30 });
    const begun = play.now();
    play.pass(3.5 * DAY);
    play.do({ type: 'evaluate' });
    play.pass(DAY - 1);
    play.do({ type: 'evaluate' });
    play.pass(1);
    play.do({ type: 'evaluate' });
    expect(reminders(play)).toEqual([
      [1, begun + 3.5 * DAY],
      [2, begun + 4.5 * DAY],
    ]);
  });

  test.each([
    ['no reminders are wanted', { max_reminders: 0 }],
    ['it expires first', { remind_after_hours: 24, expires_after_days: 1 / 2 }],
  ])('is not brought to mind where %s', (_, parameters) => {
    const play = asked(parameters);
    for (let day = 0; day < 6; day += 1) {
      play.pass(DAY);
      play.do({ type: 'evaluate' });
    }
    expect(reminders(play)).toEqual([]);
  });

  test('keeps its votes and its reason over a reminder', () => {
    const play = asked({ min_approvals: 2 });
    play.do(decision(play, actorOf(dana), { reason: 'fine' }));
    play.pass(DAY);
    play.do({ type: 'evaluate' });
    expect(play.journey().approval).toMatchObject({ votes: ['dana'], reason: 'fine', reminders: 1 });
  });
});

describe('a rejection', () => {
  test('needs a reason', () => {
    const play = asked();
    expect(play.refused(decision(play, actorOf(dana), { decision: 'reject' })).refused).toBe('input.invalid');
  });

  test('stands until somebody asks again on purpose', () => {
    const play = asked();
    play.do(decision(play, actorOf(dana), { decision: 'reject', reason: 'jira is missing' }));
    expect(play.journey()).toMatchObject({
      approval: { status: 'rejected', decidedBy: 'dana', reason: 'jira is missing' },
      verdicts: { demo_approval: { outcome: 'failed', code: 'approval.rejected' } },
    });
    play.pass(HOUR);
    play.do({ type: 'evaluate' });
    expect(play.journey().approval?.status).toBe('rejected');
    play.do({ type: 'request_approval' });
    expect(play.journey().approval?.status).toBe('open');
    play.do(decision(play, actorOf(dana)));
    expect(play.journey().stage).toBe('production');
  });
});

describe('asking on purpose', () => {
  test('is refused while something else is missing, naming it', () => {
    const play = playOf(stage({}));
    play.do(start());
    expect(play.refused({ type: 'request_approval' })).toMatchObject({
      refused: 'approval.not_ready',
      details: { missing: ['work', 'search_quality'] },
    });
  });

  test('asks anew where the ground of a granted one has moved, and is refused where it has not', () => {
    const document = smallDocument([
      { id: 'sandbox', criteria: [searchQuality(0.8, { required: false }), demoApproval()], auto: false },
      { id: 'production' },
    ]);
    const play = playOf(document);
    play.do(start());
    play.do({ type: 'record_evidence', observations: [seen('search_quality', goodSearch, play.now())] });
    play.do(decision(play, actorOf(dana)));
    expect(play.refused({ type: 'request_approval' })).toMatchObject({ refused: 'approval.not_open' });
    play.pass(8 * DAY);
    const granted = play.journey().approval?.id;
    play.do({ type: 'request_approval' });
    expect(play.journey().approval).toMatchObject({ status: 'open', requestedAt: play.now() });
    expect(play.journey().approval?.id).not.toBe(granted);
  });

  test('voids the open request, so that an old button decides nothing', () => {
    const play = asked();
    const old = decision(play, actorOf(dana));
    play.pass(1_000);
    play.do({ type: 'request_approval' });
    const open = play.journey().approval?.id;
    expect(play.refused(old), 'and says which one is open').toMatchObject({
      refused: 'approval.not_open',
      details: { open },
    });
    expect(play.log.filter(({ event }) => event.type === 'approval_requested')).toHaveLength(2);
  });
});
