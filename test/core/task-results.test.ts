import { describe, expect, test } from 'vitest';
import type { TaskAttemptFailed } from '#core/journey/events.ts';
import { demoApproval, smallDocument, type SmallStage } from '#test/support/engine/fixtures.ts';
import { failed, playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const stages: readonly SmallStage[] = [
  {
    id: 'sandbox',
    tasks: [
      { id: 'one', output: { size: { type: 'number' } }, retries: 2 },
      { id: 'two', after: ['one'], retries: 1, backoff: 'none' },
      { id: 'side', retries: 0 },
    ],
    criteria: [demoApproval()],
  },
  { id: 'production' },
];
const document = smallDocument(stages);
const begun = (): Play => {
  const play = playOf(document);
  play.do(start());
  return play;
};
const unit = (play: Play) => play.journey().units[0];
const lastFailure = (play: Play) =>
  play.log.findLast(({ event }) => event.type === 'task_attempt_failed')?.event as TaskAttemptFailed;
const again = (play: Play, taskId: string) => play.do({ type: 'begin_attempt', ...taskOf(play, taskId) });

describe('a result', () => {
  test('that succeeds is recorded with its output and lets the next task begin', () => {
    const play = begun();
    succeed(play, 'one', { size: 3, extra: 'kept' });
    expect(unit(play)?.tasks['one']).toMatchObject({ status: 'succeeded', output: { size: 3, extra: 'kept' } });
  });

  test('S92: without a declared output fails the attempt for good, and so the unit, without a retry', () => {
    const play = begun();
    const types = succeed(play, 'one', { other: 1 }).map(({ type }) => type);
    expect(types).toEqual(['task_attempt_failed', 'unit_failed']);
    expect(lastFailure(play)).toMatchObject({ retry_at: null, error: { code: 'task.output_invalid' } });
    expect(lastFailure(play).error.message).toContain('size is missing');
  });

  test.each([['three'], [null], [[1]], [{ size: 'three' }]])(
    'S92: %j in place of the declared output is refused',
    (output) => {
      const play = begun();
      play.do({ type: 'task_result', ...taskOf(play, 'one'), owner: 1, outcome: { type: 'succeeded', output } });
      expect(unit(play)).toMatchObject({
        status: 'failed',
        tasks: { one: { error: { code: 'task.output_invalid' } } },
      });
    },
  );

  test('I6: of a task whose dependencies are not done is not accepted', () => {
    const play = begun();
    const early = {
      type: 'task_result',
      ...taskOf(play, 'two'),
      owner: 1,
      outcome: { type: 'succeeded', output: {} },
    } as const;
    expect(play.refused(early).refused).toBe('task.superseded');
  });

  test('I5: is recorded once: the second one is superseded', () => {
    const play = begun();
    const task = taskOf(play, 'one');
    succeed(play, 'one', { size: 1 });
    const second = {
      type: 'task_result',
      ...task,
      owner: 1,
      outcome: { type: 'succeeded', output: { size: 2 } },
    } as const;
    expect(play.refused(second).refused).toBe('task.superseded');
    expect(unit(play)?.tasks['one']?.output).toEqual({ size: 1 });
  });

  test.each([
    ['an older attempt', { fence: { generation: 1, attempt: 0 } }],
    ['a later attempt', { fence: { generation: 1, attempt: 2 } }],
    ['another generation', { fence: { generation: 2, attempt: 1 } }],
    ['another owner', { owner: 2 }],
    ['another unit', { workId: 'uow-acme:9:sandbox_work' }],
    ['a task that is not in the unit', { taskId: 'ghost' }],
  ])('I13: from %s is superseded and changes nothing', (_, change) => {
    const play = begun();
    const before = play.journey();
    const result = {
      type: 'task_result',
      ...taskOf(play, 'one'),
      owner: 1,
      outcome: { type: 'succeeded', output: { size: 1 } },
    } as const;
    expect(play.refused({ ...result, ...change }).refused).toBe('task.superseded');
    expect(play.journey()).toBe(before);
  });

  test('I13: of a process whose unit was taken over is superseded, that of the new owner counts', () => {
    const play = begun();
    const task = taskOf(play, 'one');
    play.do({ type: 'take_over', workId: task.workId, from: 1 }, { epoch: 2 });
    const result = { type: 'task_result', ...task, outcome: { type: 'succeeded', output: { size: 1 } } } as const;
    expect(play.refused({ ...result, owner: 1 }).refused).toBe('task.superseded');
    play.do({ ...result, owner: 2 }, { epoch: 2 });
    expect(play.refused({ type: 'take_over', workId: task.workId, from: 1 }, { epoch: 3 }).refused).toBe(
      'task.superseded',
    );
  });
});

describe('a failed attempt', () => {
  test('S53 S55 S97: is retried max_retries times with exponential pauses, then fails the task and the unit', () => {
    const play = begun();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      failed(play, 'one');
      expect(unit(play)?.tasks['one']).toMatchObject({ status: 'retry_wait', attempt: attempt + 1 });
      waits.push((lastFailure(play).retry_at ?? 0) - play.now());
      play.pass(waits.at(-1) ?? 0);
      again(play, 'one');
      expect(unit(play)?.tasks['one']).toMatchObject({ status: 'running', via: 'in_process', attempt: attempt + 1 });
    }
    // 2 and 4 seconds, shortened by at most a fifth.
    expect(waits[0]).toSatisfy((wait: number) => wait > 1_600 && wait <= 2_000);
    expect(waits[1]).toSatisfy((wait: number) => wait > 3_200 && wait <= 4_000);
    failed(play, 'one');
    expect(lastFailure(play)).toMatchObject({ attempt: 3, retry_at: null });
    expect(unit(play)).toMatchObject({ status: 'failed', tasks: { one: { status: 'failed', attempt: 3 } } });
  });

  test('that says it must not be repeated ends the task at once', () => {
    const play = begun();
    failed(play, 'one', false);
    expect(unit(play)).toMatchObject({ status: 'failed', tasks: { one: { status: 'failed', attempt: 1 } } });
  });

  test('S87: with backoff none is due again at once', () => {
    const play = begun();
    succeed(play, 'one', { size: 1 });
    failed(play, 'two');
    expect(lastFailure(play).retry_at).toBe(play.now());
  });

  test('the result of the attempt before is superseded once the next one has begun, and so is a second begin', () => {
    const play = begun();
    const first = taskOf(play, 'one');
    failed(play, 'one');
    const second = taskOf(play, 'one');
    again(play, 'one');
    const late = {
      type: 'task_result',
      ...first,
      owner: 1,
      outcome: { type: 'succeeded', output: { size: 1 } },
    } as const;
    expect(play.refused(late).refused).toBe('task.superseded');
    expect(play.refused({ type: 'begin_attempt', ...second }).refused).toBe('task.superseded');
  });

  test('a sibling that runs while the unit fails keeps its result', () => {
    const play = begun();
    failed(play, 'side');
    expect(unit(play)?.status).toBe('failed');
    succeed(play, 'one', { size: 1 });
    expect(unit(play)?.tasks['one']?.status).toBe('succeeded');
    expect(unit(play)?.status).toBe('failed');
  });
});

describe('S151: retry-tasks', () => {
  test('starts failed tasks as the next generation with all their attempts, and keeps what succeeded', () => {
    const play = begun();
    succeed(play, 'one', { size: 1 });
    failed(play, 'side');
    const workId = unit(play)?.workId ?? '';
    play.do({ type: 'retry_tasks', workId });
    expect(unit(play)).toMatchObject({
      status: 'in_progress',
      tasks: { one: { status: 'succeeded' }, side: { status: 'planned', generation: 2, attempt: 1 } },
    });
    succeed(play, 'side');
    succeed(play, 'two');
    expect(unit(play)).toMatchObject({ status: 'completed' });
  });

  test('is refused while the unit runs, when nothing failed, and for a unit of an earlier stage', () => {
    const play = begun();
    const workId = unit(play)?.workId ?? '';
    expect(play.refused({ type: 'retry_tasks', workId }).refused).toBe('work.still_running');
    succeed(play, 'one', { size: 1 });
    succeed(play, 'two');
    succeed(play, 'side');
    expect(play.refused({ type: 'retry_tasks', workId }).refused).toBe('work.nothing_failed');
    expect(play.refused({ type: 'retry_tasks', workId: 'uow-acme:0:old' }).refused).toBe('work.unknown');
  });
});
