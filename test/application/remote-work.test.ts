import { describe, expect, test } from 'vitest';
import { refuse } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { Command } from '#core/journey/commands.ts';
import type { AgentAnswer, AgentGateway, RemoteTask } from '#application/ports.ts';
import type { WaitingRoom } from '#application/dispatcher.ts';
import { followRemoteTask, type WaitingTask } from '#application/remote-work.ts';
import { wakerOn } from '#application/waker.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const TIMEOUT_MS = 120 * SECOND;
const MAX_MS = 1_200 * SECOND;
const unreachable: RemoteTask = {
  state: 'ended',
  remoteTaskId: 'remote-1',
  outcome: { type: 'failed', code: 'agent.unreachable', message: 'gone', retryable: true },
};

/** A task that was sent is followed while `poll` says how its agent answers the poll number n. */
function following(poll: (n: number) => RemoteTask, given: Given = {}) {
  const clock = virtualClock();
  const notes: string[] = [];
  const cancelled: string[] = [];
  const answers: AgentAnswer[] = [];
  const commands: Command[] = [];
  const waker = wakerOn(clock);
  let polls = 0;
  const gateway: AgentGateway = {
    route: () => 'a2a',
    send: () => Promise.resolve({ state: 'working', remoteTaskId: 'remote-1', agentId: 'one' }),
    poll: () => Promise.resolve(poll((polls += 1))),
    find: () => Promise.resolve(null),
    answer: (_assignment, _id, answer) => {
      answers.push(answer);
      if (answers.length <= (given.refusals ?? 0)) return Promise.resolve(refusal);
      return Promise.resolve({ state: 'working', remoteTaskId: 'remote-1', agentId: 'one' });
    },
    cancel: (_assignment, id) => Promise.resolve(void cancelled.push(id)),
    health: () => Promise.resolve([]),
    discover: () => Promise.resolve(),
    sources: () => [],
  };
  const room = {
    remember: () => Promise.resolve(),
    note: (_task: WaitingTask, message: string) => Promise.resolve(void notes.push(message)),
    answerTo: (_task: WaitingTask, questionId: string) => Promise.resolve(given.answers?.[questionId] ?? null),
  } as unknown as WaitingRoom;
  const task: WaitingTask = {
    clientId: 'acme',
    workId: 'uow-acme:1:w',
    taskId: 'one',
    intent: 'do_one',
    state: 'running',
    generation: 1,
    attempt: 1,
    input: {},
    remoteTaskId: null,
    agentId: null,
    question: null,
    via: 'a2a',
    claimedBy: null,
    deadline: clock.machine() + MAX_MS,
    ...given.task,
  };
  const submit = (_clientId: string, command: Command) => {
    commands.push(command);
    return Promise.resolve(refuse('task.superseded', 'Nobody listens here.'));
  };
  const began = clock.machine();
  let ended: Awaited<ReturnType<typeof followRemoteTask>> | undefined;
  void followRemoteTask(
    { gateway, room, submit, clock, logger: quiet },
    { task, isNew: true, timeout_ms: TIMEOUT_MS, signal: new AbortController().signal, waker },
  ).then((answer) => (ended = answer));
  const end = async () => {
    const outcome = await eventually(
      async () => {
        await clock.advance(SECOND);
        return ended?.outcome;
      },
      (seen) => seen !== undefined,
    );
    return { outcome, after_ms: clock.machine() - began };
  };
  return { end, notes, cancelled, answers, commands, clock, waker, polls: () => polls };
}

type Given = {
  readonly task?: Partial<WaitingTask>;
  /** What has been answered, by question. */
  readonly answers?: { readonly [questionId: string]: JsonObject };
  /** How many answers the agent does not take. */
  readonly refusals?: number;
};

const refusal: RemoteTask = {
  state: 'ended',
  remoteTaskId: 'remote-1',
  outcome: { type: 'failed', code: 'task.rejected', message: 'one refused: no such region.', retryable: false },
};

const working = (message?: string): RemoteTask => ({
  state: 'working',
  remoteTaskId: 'remote-1',
  agentId: 'one',
  ...(message === undefined ? {} : { message }),
});

const interrupted = (id: string, needs: 'input' | 'authorization' = 'input'): RemoteTask => ({
  state: 'interrupted',
  remoteTaskId: 'remote-1',
  agentId: 'one',
  question: { id, needs, text: `${id}?` },
});
describe('a task at an agent', () => {
  test('S4 S50: that always says "working" is given up at its limit, and its agent is told to stop', async () => {
    const { end, cancelled } = following(() => working());
    const { outcome, after_ms } = await end();
    expect(outcome).toMatchObject({ type: 'failed', code: 'task.timed_out', retryable: true });
    expect(after_ms).toBeGreaterThan(MAX_MS);
    expect(after_ms).toBeLessThan(MAX_MS + 20 * SECOND);
    expect(cancelled).toEqual(['remote-1']);
  });

  test('S4: each sign of life counts: only silence for task_execution_seconds ends it before', async () => {
    const { end } = following((n) => (n < 20 ? working() : unreachable));
    const { outcome, after_ms } = await end();
    expect(outcome).toMatchObject({ code: 'task.timed_out' });
    expect(after_ms).toBeGreaterThan(200 * SECOND + TIMEOUT_MS);
    expect(after_ms).toBeLessThan(MAX_MS);
  });

  test('S4: whoever takes it over gives it no further time', async () => {
    const taken = { remoteTaskId: 'remote-1', deadline: virtualClock().machine() + 30 * SECOND };
    const { outcome, after_ms } = await following(() => working(), { task: taken }).end();
    expect(outcome).toMatchObject({ code: 'task.timed_out' });
    expect(after_ms).toBeLessThan(60 * SECOND);
  });

  test('S152: what its agent says is kept when it changes, and cut where it is endless', async () => {
    const said = ['one', 'one', 'two', 'x'.repeat(10_000)];
    const output: RemoteTask = {
      state: 'ended',
      remoteTaskId: 'remote-1',
      outcome: { type: 'succeeded', output: {} },
    };
    const { end, notes } = following((n) => (n <= said.length ? working(said[n - 1]) : output));
    await end();
    expect(notes).toEqual(['one', 'two', 'x'.repeat(500)]);
  });

  const done: RemoteTask = {
    state: 'ended',
    remoteTaskId: 'remote-1',
    outcome: { type: 'succeeded', output: {} },
  };
  const of = { workId: 'uow-acme:1:w', taskId: 'one', fence: { generation: 1, attempt: 1 } };

  test('whose agent asks is put on record once a question, and the answer is handed over once', async () => {
    const polls = [
      interrupted('where'),
      interrupted('where'),
      interrupted('where'),
      working(),
      interrupted('when'),
      done,
    ];
    const { end, answers, commands } = following((n) => polls[n - 1] ?? done, { answers: { where: { region: 'eu' } } });
    await end();
    expect(commands).toEqual([
      { type: 'interrupt_task', ...of, question: { id: 'where', needs: 'input', text: 'where?' } },
      { type: 'continue_task', ...of },
      { type: 'interrupt_task', ...of, question: { id: 'when', needs: 'input', text: 'when?' } },
    ]);
    expect(answers).toEqual([{ questionId: 'where', answer: { region: 'eu' } }]);
  });

  test('whose agent does not take an answer is asked about again, with the reason', async () => {
    const polls = [interrupted('where'), interrupted('where'), interrupted('where'), working(), done];
    const { end, answers, commands } = following((n) => polls[n - 1] ?? done, {
      answers: { where: { region: 'moon' }, 'where:refused': { region: 'eu' } },
      refusals: 1,
    });
    await end();
    expect(answers).toEqual([
      { questionId: 'where', answer: { region: 'moon' } },
      { questionId: 'where:refused', answer: { region: 'eu' } },
    ]);
    const text = 'where? (An answer was not taken: one refused: no such region.)';
    expect(commands).toEqual([
      { type: 'interrupt_task', ...of, question: { id: 'where', needs: 'input', text: 'where?' } },
      { type: 'interrupt_task', ...of, question: { id: 'where:refused', needs: 'input', text } },
      { type: 'continue_task', ...of },
    ]);
  });

  test('whose agent waits for an authorization is given no answer, and goes on when it has it', async () => {
    const polls = [interrupted('token', 'authorization'), interrupted('token', 'authorization'), working(), done];
    const { end, answers, commands } = following((n) => polls[n - 1] ?? done, { answers: { token: { it: 'x' } } });
    await end();
    expect(commands.map(({ type }) => type)).toEqual(['interrupt_task', 'continue_task']);
    expect(answers).toEqual([]);
  });

  test('that was interrupted when its process died is not told anew, and its answer is handed over again', async () => {
    const task = { remoteTaskId: 'remote-1', question: { id: 'where', needs: 'input', text: 'where?' } as const };
    const polls = [interrupted('where'), working(), done];
    const { end, answers, commands } = following((n) => polls[n - 1] ?? done, {
      task,
      answers: { where: { region: 'eu' } },
    });
    await end();
    expect(commands).toEqual([{ type: 'continue_task', ...of }]);
    expect(answers).toHaveLength(1);
  });

  test('that always asks is given up at its limit, and its agent is told to stop', async () => {
    const { outcome, after_ms } = await following(() => interrupted('where')).end();
    expect(outcome).toMatchObject({ code: 'task.timed_out' });
    expect(after_ms).toBeLessThan(MAX_MS + 20 * SECOND);
  });

  test('that is pushed is polled at once, but a flood of pushes costs a poll a second', async () => {
    const { clock, waker, polls } = following(() => working());
    // Its pauses have grown to 15 s by then.
    for (let second = 0; second < 60; second += 1) await clock.advance(SECOND);
    const before = polls();
    await clock.advance(SECOND);
    waker.wake();
    await clock.advance(0);
    await eventually(
      async () => polls(),
      (seen) => seen > before,
      20_000,
    );
    const flooded = polls();
    for (let push = 0; push < 500; push += 1) {
      waker.wake();
      await clock.advance(20);
    }
    expect(polls() - flooded).toBeGreaterThanOrEqual(5);
    expect(polls() - flooded).toBeLessThanOrEqual(11);
  });
});
