import { describe, expect, test } from 'vitest';
import { timeSplit } from '#core/journey/time-split.ts';
import { erasedData, erasedJourney, ERASED } from '#core/journey/erased.ts';
import { progressOf } from '#core/work/unit.ts';
import { HOUR } from '#core/time.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { folded, playOf, start, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([{ id: 'sandbox', tasks: [{ id: 'build' }] }, { id: 'production' }]);
const atAgents = { route: () => 'a2a' as const };
const where = { id: 'q1', needs: 'input', text: 'which region?' } as const;
const token = { id: 'q2', needs: 'authorization', text: 'log in at https://agent.example' } as const;

function atWork(): Play {
  const play = playOf(document);
  play.do(start(), atAgents);
  return play;
}
const build = (play: Play) => progressOf(play.journey().units[0] as never, 'build');
const workId = 'uow-acme:1:sandbox_work';
const answer = { type: 'answer_task', workId, taskId: 'build', answer: { region: 'eu' } } as const;
const types = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

describe('an agent that asks for an input', () => {
  test('makes its task wait once a question, for the client, until it is answered and goes on', () => {
    const play = atWork();
    const of = taskOf(play, 'build');
    expect(types(play.do({ type: 'interrupt_task', ...of, question: where }))).toEqual(['task_interrupted']);
    expect(play.do({ type: 'interrupt_task', ...of, question: where }), 'the same again').toEqual([]);
    play.pass(HOUR);
    expect(timeSplit(play.journey(), play.now())).toMatchObject({ client: HOUR });

    expect(types(play.do(answer))).toEqual(['task_answered']);
    expect(build(play)).toMatchObject({ status: 'running', question: where, answer: { region: 'eu' } });
    play.pass(HOUR);
    expect(timeSplit(play.journey(), play.now()), 'now it is the agent').toMatchObject({ client: HOUR, agent: HOUR });

    expect(types(play.do({ type: 'continue_task', ...of }))).toEqual(['task_continued']);
    expect(play.do({ type: 'continue_task', ...of }), 'the same again').toEqual([]);
    expect(build(play)).not.toHaveProperty('question');
    play.do({ type: 'task_result', ...of, outcome: { type: 'succeeded', output: {} } });
    expect(play.journey().stage).toBe('production');
    expect(folded(play.log, 'acme')).toEqual(play.journey());
  });

  test('may ask something else: the answer to the question before is no answer to it', () => {
    const play = atWork();
    const of = taskOf(play, 'build');
    play.do({ type: 'interrupt_task', ...of, question: where });
    play.do(answer);
    expect(play.refused(answer)).toMatchObject({
      refused: 'task.answered',
      message: expect.stringContaining('which region?') as string,
    });
    play.do({ type: 'interrupt_task', ...of, question: { ...where, id: 'q9', text: 'which zone?' } });
    expect(build(play)).not.toHaveProperty('answer');
    play.do(answer);
  });

  test('also while the journey is paused: what has begun may end', () => {
    const play = atWork();
    play.do({ type: 'pause', reason: 'holidays' });
    play.do({ type: 'interrupt_task', ...taskOf(play, 'build'), question: where });
    play.do(answer);
    play.do({ type: 'continue_task', ...taskOf(play, 'build') });
    expect(build(play)).toMatchObject({ status: 'running', via: 'a2a' });
  });
});

describe('an agent that needs an authorization', () => {
  test('makes its task wait for us, and takes no answer', () => {
    const play = atWork();
    const of = taskOf(play, 'build');
    play.do({ type: 'interrupt_task', ...of, question: token });
    play.pass(HOUR);
    expect(timeSplit(play.journey(), play.now())).toMatchObject({ us: HOUR });
    expect(play.refused(answer)).toMatchObject({
      refused: 'task.not_asked',
      hint: 'Authorize it where the agent says; the task goes on by itself.',
    });
    play.do({ type: 'continue_task', ...of });
  });
});

describe('nobody is asked', () => {
  test('in a task that is at work, that is unknown, or that has ended', () => {
    const play = atWork();
    expect(play.refused(answer)).toMatchObject({
      refused: 'task.not_asked',
      message: 'No agent asks for anything in build.',
    });
    expect(play.refused({ ...answer, taskId: 'nothing' }).refused).toBe('work.unknown');
    expect(play.refused({ ...answer, workId: 'uow-acme:9:sandbox_work' }).refused).toBe('work.unknown');
  });

  test('I14: by an attempt that is not awaited any more', () => {
    const play = atWork();
    const of = taskOf(play, 'build');
    play.do({ type: 'interrupt_task', ...of, question: where });
    play.do({
      type: 'task_result',
      ...of,
      outcome: { type: 'failed', code: 'task.failed', message: 'no', retryable: true },
    });
    expect(build(play), 'the next attempt may ask anew').not.toHaveProperty('question');
    expect(play.refused({ type: 'interrupt_task', ...of, question: where }).refused).toBe('task.superseded');
    expect(play.refused({ type: 'continue_task', ...of }).refused).toBe('task.superseded');
    expect(play.refused(answer).refused).toBe('task.not_asked');
  });
});

test('S111: what an agent asked and what was answered is erased with the client', () => {
  const play = atWork();
  play.do({ type: 'interrupt_task', ...taskOf(play, 'build'), question: where });
  const [answered] = play.do(answer);
  expect(erasedData({ ...play.log.at(-2)?.event })).toMatchObject({
    question: { id: ERASED, needs: 'input', text: ERASED },
  });
  expect(erasedData({ ...answered })).toMatchObject({ answer: {}, question_id: 'q1' });
  expect(JSON.stringify(erasedJourney(play.journey()))).not.toContain('region');
});

const unclaimed = (play: Play) => ({ type: 'begin_attempt', ...taskOf(play, 'build') }) as const;

describe('S19: a task that waits for whoever claims it', () => {
  test('is given to an agent that has been found meanwhile, as the same attempt', () => {
    const play = playOf(document);
    play.do(start(), { route: () => 'pull' });
    expect(build(play)).toMatchObject({ status: 'ready', via: 'pull' });
    expect(play.refused(unclaimed(play), { route: () => 'pull' }).refused).toBe('task.superseded');
    expect(play.do(unclaimed(play), atAgents)).toMatchObject([
      { type: 'task_dispatched', via: 'a2a', generation: 1, attempt: 1 },
    ]);
  });

  test('stays with whoever has claimed it', () => {
    const play = playOf(document);
    play.do(start(), { route: () => 'pull' });
    play.do({ type: 'claim_task', ...taskOf(play, 'build'), by: 'worker' });
    expect(play.refused(unclaimed(play), atAgents).refused).toBe('task.superseded');
  });
});
