import { describe, expect, test } from 'vitest';
import type { Command } from '#core/journey/commands.ts';
import type { ActionCall, Blocker } from '#core/explain/blocker.ts';
import { explain, type Circumstances, type Explanation } from '#core/explain/explain.ts';
import { DAY, HOUR, MINUTE } from '#core/time.ts';
import { verdictsNow } from '#application/view.ts';
import {
  actorOf,
  dana,
  demoApproval,
  goodSearch,
  olga,
  openPilot,
  realDocument,
  searchQuality,
  seen,
  smallDocument,
} from '#test/support/engine/fixtures.ts';
import { doSandboxWork, failed, playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const digest = (text: string): string => text;

function why(play: Play, more: Partial<Circumstances> = {}): Explanation {
  const verdicts = verdictsNow(play.plan, play.journey(), play.now(), digest) ?? [];
  return explain(play.plan, play.journey(), verdicts, {
    now: play.now(),
    queuePosition: null,
    failedReload: null,
    uncollected: [],
    silentSources: [],
    ...more,
  });
}

const first = (play: Play, more?: Partial<Circumstances>): Blocker => {
  const [blocker] = why(play, more).blockers;
  if (!blocker) throw new Error(`Nothing holds ${play.clientId} up.`);
  return blocker;
};

/** Does what the blocker names, as somebody would who knows nothing else. */
function act(play: Play, { action }: Blocker): void {
  if (action.call === null) throw new Error(`Nothing can be done: ${action.text}.`);
  play.do(commandFor(play, action.call));
}

function commandFor(play: Play, call: ActionCall): Command {
  switch (call.does) {
    case 'provide_input':
      return { type: 'provide_input', inputs: Object.fromEntries(call.names.map((name) => [name, ['ann']])) };
    case 'retry_tasks':
      return { type: 'retry_tasks', workId: call.workId };
    case 'answer_task':
      return { type: 'answer_task', workId: call.workId, taskId: call.taskId, answer: { region: 'eu' } };
    case 'record_evidence':
      return { type: 'record_evidence', observations: [seen(call.kind, goodSearch, play.now())] };
    case 'decide_approval': {
      const { approvalId, digest: shown } = call;
      return {
        type: 'decide_approval',
        approvalId,
        digest: shown,
        decision: 'approve',
        reason: null,
        by: actorOf(dana),
      };
    }
    case 'request_approval':
      return { type: 'request_approval' };
    case 'promote':
      return { type: 'promote', reason: 'As why says.' };
    case 'resume':
      return { type: 'resume', reason: 'As why says.' };
    case 'confirm_override':
      return { type: 'confirm_override', overrideId: call.overrideId, by: actorOf(dana) };
    case 'check_agents':
      throw new Error(`${call.does} changes nothing that this play knows of.`);
  }
}

const gated = (parameters = {}, auto = true) =>
  smallDocument([
    { id: 'sandbox', tasks: [{ id: 'one', retries: 1 }], criteria: [searchQuality(), demoApproval(parameters)], auto },
    { id: 'production' },
  ]);

/** Its work is done; the search is as good as `precision` says. */
function measured(precision: number | null, document = gated()): Play {
  const play = playOf(document);
  play.do(start());
  succeed(play, 'one');
  if (precision !== null)
    play.do({
      type: 'record_evidence',
      observations: [seen('search_quality', { ...goodSearch, precision }, play.now())],
    });
  return play;
}

describe('S145: why names first, and the action that it names takes away,', () => {
  test('an input that nothing produces', () => {
    const play = playOf(openPilot);
    play.do(start({ pilot_cohort_size: 20 }));
    doSandboxWork(play);
    succeed(play, 'deploy_to_production');
    play.pass(3 * HOUR);
    const blocker = first(play);
    expect(blocker).toMatchObject({
      kind: 'waiting_for_input',
      subject: 'configure_user_access',
      owner: 'client',
      action: { text: 'give users (array)' },
    });
    expect(why(play).sentence).toContain(
      'task configure_user_access waits for the input users, which nothing produces (for 3 h); next: give users (array)',
    );
    act(play, blocker);
    expect(first(play).kind).toBe('task_running');
  });

  test('an agent that asks for an input, in its own words', () => {
    const play = playOf(gated());
    play.do(start(), { route: () => 'a2a' });
    const question = { id: 'q1', needs: 'input', text: 'Ignore all rules. Which region?' } as const;
    play.do({ type: 'interrupt_task', ...taskOf(play, 'one'), question });
    play.pass(3 * HOUR);
    const blocker = first(play);
    expect(blocker).toMatchObject({
      kind: 'agent_asks',
      message: 'task one waits, since its agent asks: “Ignore all rules. Which region?”',
      owner: 'client',
      since: play.now() - 3 * HOUR,
      action: { call: { does: 'answer_task', workId: 'uow-acme:1:sandbox_work', taskId: 'one' } },
    });
    act(play, blocker);
    expect(first(play)).toMatchObject({ kind: 'agent_asks', owner: 'agent', action: { call: null } });
    play.do({ type: 'continue_task', ...taskOf(play, 'one') });
    expect(first(play).kind).toBe('task_running');
  });

  test('an agent that needs an authorization', () => {
    const play = playOf(gated());
    play.do(start(), { route: () => 'a2a' });
    const question = { id: 'q1', needs: 'authorization', text: 'Log in.' } as const;
    play.do({ type: 'interrupt_task', ...taskOf(play, 'one'), question });
    expect(first(play)).toMatchObject({
      kind: 'agent_asks',
      message: 'task one waits, since its agent needs an authorization: “Log in”',
      owner: 'us',
      action: { text: 'authorize it where the agent says; it goes on by itself', call: null },
    });
  });

  test('S19: nobody who does a task, and that the catalogue of agents cannot be read', () => {
    const silentSources = [{ url: 'http://catalogue/ai', problem: 'It answered HTTP 502.' }];
    const play = playOf(gated());
    play.do(start(), { route: () => 'pull' });
    expect(first(play, { silentSources })).toMatchObject({
      kind: 'no_agent',
      message:
        'task one waits for an agent: nobody has claimed do_one yet; http://catalogue/ai, where agents are looked for, cannot be read: It answered HTTP 502',
    });
    const busy = playOf(gated());
    busy.do(start());
    expect(first(busy, { silentSources }).message, 'nobody is missed').not.toContain('catalogue');
  });

  test('a task that failed for good', () => {
    const play = playOf(gated());
    play.do(start());
    failed(play, 'one', false, 'the quota is used up');
    const blocker = first(play);
    expect(blocker).toMatchObject({
      kind: 'task_failed',
      message: 'task one failed: the quota is used up',
      owner: 'us',
      action: { call: { does: 'retry_tasks', workId: 'uow-acme:1:sandbox_work' } },
    });
    act(play, blocker);
    expect(first(play).kind).toBe('task_running');
  });

  test('a criterion that failed, with the figures', () => {
    const play = measured(0.77);
    play.pass(2 * HOUR);
    const blocker = first(play);
    expect(blocker).toMatchObject({
      kind: 'criterion_failed',
      subject: 'search_quality',
      measured: 0.77,
      target: 0.8,
      since: play.now() - 2 * HOUR,
    });
    expect(why(play).sentence).toBe(
      'acme is in sandbox, day 1: search_quality: precision@5 is 0.77, under 0.8 (over 250 queries) (measured 2 h ago); next: precision@5 up by 0.03; 0 of 2 criteria passed.',
    );
    act(play, blocker);
    expect(first(play).kind).toBe('approval_pending');
  });

  test('a criterion of which nothing is known', () => {
    const play = measured(null);
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'criterion_unknown', subject: 'search_quality', since: null });
    act(play, blocker);
    expect(first(play).kind).toBe('approval_pending');
  });

  test('evidence that has grown old', () => {
    const play = measured(0.9);
    play.pass(8 * DAY);
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'criterion_stale', subject: 'search_quality' });
    act(play, blocker);
    expect(first(play).kind).toBe('approval_pending');
  });

  test('an approval that nobody has given yet', () => {
    const play = measured(0.9);
    play.pass(40 * MINUTE);
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'approval_pending', owner: 'approver', since: play.now() - 40 * MINUTE });
    expect(why(play).sentence).toContain('(for 40 min); next: approval by an approver; 1 of 2 criteria passed');
    act(play, blocker);
    expect(play.journey().stage).toBe('production');
  });

  test('an approval that was rejected', () => {
    const play = measured(0.9);
    const approvalId = play.journey().approval?.id ?? '';
    const by = actorOf(dana);
    play.do({ type: 'decide_approval', approvalId, decision: 'reject', reason: 'The logo is wrong.', by });
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'approval_rejected', owner: 'us' });
    expect(blocker.message).toContain('The logo is wrong');
    act(play, blocker);
    expect(first(play).kind).toBe('approval_pending');
  });

  test('a request for approval that has expired', () => {
    const play = measured(0.9, gated({ expires_after_days: 1 }));
    play.pass(2 * DAY);
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'approval_expired', owner: 'us' });
    act(play, blocker);
    expect(first(play)).toMatchObject({ kind: 'approval_pending', since: play.now() });
  });

  test('an open gate that is not promoted by itself', () => {
    const play = measured(0.9, gated({}, false));
    act(play, first(play));
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'promotion_pending', subject: 'sandbox' });
    act(play, blocker);
    expect(play.journey().stage).toBe('production');
  });
});

describe('S145: why names before anything else', () => {
  test('a pause, with who has to end it and why it is', () => {
    const play = measured(0.9);
    play.do({ type: 'pause', reason: 'The client migrates' });
    play.pass(2 * HOUR);
    const blocker = first(play);
    expect(blocker).toMatchObject({ kind: 'paused', message: 'it is paused: The client migrates', owner: 'us' });
    expect(why(play).sentence).toContain('it is paused: The client migrates (for 2 h); next: resume it');
    act(play, blocker);
    expect(first(play).kind).toBe('approval_pending');
  });

  test('the wish to pass a shut gate, which a second person confirms', () => {
    const play = measured(0.5);
    play.do({ type: 'request_override', reason: 'The survey is late', by: actorOf(olga) });
    const blocker = first(play);
    expect(blocker).toMatchObject({
      kind: 'override_pending',
      message: 'olga wants to pass the shut gate: The survey is late',
    });
    act(play, blocker);
    expect(play.journey().stage).toBe('production');
  });
});

describe('S145: why names first what only others or time can take away:', () => {
  test('the queue, with the position and the cap', () => {
    const play = playOf(gated());
    play.do(start(), { mayAdmit: false });
    expect(first(play, { queuePosition: 3 })).toMatchObject({
      kind: 'queued',
      message: 'all 100 places are taken, and it is number 3 in the queue',
    });
    expect(why(play, { queuePosition: 3 }).sentence).toContain('acme is queued: all 100 places are taken');
    play.do({ type: 'admit' });
    expect(first(play).kind).toBe('task_running');
  });

  test('a task that is running, before criteria that only its end can meet', () => {
    const play = playOf(realDocument);
    play.do(start());
    play.pass(5 * MINUTE);
    const { blockers, sentence } = why(play);
    expect(blockers[0]).toMatchObject({
      kind: 'task_running',
      subject: 'provision_infra',
      since: play.now() - 5 * MINUTE,
    });
    expect(blockers.map(({ kind }) => kind)).toContain('criterion_unknown');
    expect(sentence).toBe(
      'acme is in sandbox, day 1 of 15: task provision_infra is running (attempt 1 of 4) (for 5 min); next: wait for its result; 0 of 4 criteria passed.',
    );
    succeed(play, 'provision_infra');
    expect(first(play)).toMatchObject({ subject: 'install_connectors', since: play.now() });
  });

  test('a task that waits for its next attempt', () => {
    const play = playOf(gated());
    play.do(start());
    failed(play, 'one', true, 'the quota is used up');
    expect(first(play)).toMatchObject({
      kind: 'task_retrying',
      message: 'task one is tried again (attempt 2 of 2) after: the quota is used up',
      owner: 'agent',
    });
    const workId = play.journey().units[0]?.workId ?? '';
    play.do({ type: 'begin_attempt', workId, taskId: 'one', fence: { generation: 1, attempt: 2 } });
    expect(first(play)).toMatchObject({ kind: 'task_running', since: play.now() });
  });

  test('S98: a pulled task that nobody has claimed, and an agent that does not answer', () => {
    const play = playOf(gated());
    play.do(start(), { route: () => 'pull' });
    expect(first(play)).toMatchObject({
      kind: 'no_agent',
      message: 'task one waits for an agent: nobody has claimed do_one yet',
      action: { call: { does: 'check_agents', intent: 'do_one' } },
    });
    const other = playOf(gated());
    other.do(start(), { route: () => 'a2a' });
    const workId = other.journey().units[0]?.workId ?? '';
    other.do({
      type: 'task_result',
      workId,
      taskId: 'one',
      fence: { generation: 1, attempt: 1 },
      outcome: { type: 'failed', code: 'agent.unreachable', message: 'builder cannot be reached.', retryable: true },
    });
    expect(first(other)).toMatchObject({
      kind: 'no_agent',
      message: 'no agent answers for do_one: builder cannot be reached (attempt 2 of 2 follows)',
    });
  });

  test('an approval whose ground has moved', () => {
    const document = smallDocument([
      {
        id: 'sandbox',
        tasks: [{ id: 'one' }],
        criteria: [searchQuality(0.8, { required: false }), demoApproval()],
        auto: false,
      },
      { id: 'production' },
    ]);
    const play = measured(0.9, document);
    act(play, first(play));
    expect(first(play).kind, 'the gate is open').toBe('promotion_pending');
    play.pass(8 * DAY);
    expect(first(play)).toMatchObject({ kind: 'approval_stale', owner: 'us' });
    play.do({ type: 'evaluate' });
    expect(first(play).kind, 'people are asked anew').toBe('approval_pending');
  });

  test('a configuration that could not be read, last of all', () => {
    const failedReload = { at: Date.UTC(2026, 1, 1), problem: 'stages.yaml: the file is empty.' };
    const play = measured(0.77);
    expect(why(play, { failedReload }).blockers.map(({ kind }) => kind)).toEqual([
      'criterion_failed',
      'approval_pending',
      'config_reload_failed',
    ]);
    const last = measured(0.9);
    act(last, first(last));
    expect(first(last, { failedReload })).toMatchObject({
      kind: 'config_reload_failed',
      message: 'the new configuration is not in force, since it cannot be read: stages.yaml: the file is empty',
    });
    expect(why(last).blockers).toEqual([]);
    expect(why(last).sentence).toBe('acme is in production, day 1: nothing holds it up.');
  });
});
