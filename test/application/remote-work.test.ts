import { describe, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import type { AgentGateway, RemoteTask } from '#application/ports.ts';
import type { WaitingRoom } from '#application/dispatcher.ts';
import { followRemoteTask, type WaitingTask } from '#application/remote-work.ts';
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
function following(poll: (n: number) => RemoteTask, given: Partial<WaitingTask> = {}) {
  const clock = virtualClock();
  const notes: string[] = [];
  const cancelled: string[] = [];
  let polls = 0;
  const gateway: AgentGateway = {
    route: () => 'a2a',
    send: () => Promise.resolve({ state: 'working', remoteTaskId: 'remote-1' }),
    poll: () => Promise.resolve(poll((polls += 1))),
    find: () => Promise.resolve(null),
    cancel: (_assignment, id) => Promise.resolve(void cancelled.push(id)),
    health: () => Promise.resolve([]),
  };
  const room = {
    remember: () => Promise.resolve(),
    note: (_task: WaitingTask, message: string) => Promise.resolve(void notes.push(message)),
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
    via: 'a2a',
    claimedBy: null,
    deadline: clock.machine() + MAX_MS,
    ...given,
  };
  const began = clock.machine();
  let ended: Awaited<ReturnType<typeof followRemoteTask>> | undefined;
  void followRemoteTask(
    { gateway, room, clock, logger: quiet },
    { task, isNew: true, timeout_ms: TIMEOUT_MS, signal: new AbortController().signal },
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
  return { end, notes, cancelled };
}

const working = (message?: string): RemoteTask => ({
  state: 'working',
  remoteTaskId: 'remote-1',
  ...(message === undefined ? {} : { message }),
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
    const { outcome, after_ms } = await following(() => working(), taken).end();
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
});
