import { describe, expect, test } from 'vitest';
import { workDone } from '#core/criteria/gate.ts';
import { actorOf, dana, olga, smallDocument } from '#test/support/engine/fixtures.ts';
import { failed, playOf, start, succeed, taskOf, type Play } from '#test/support/engine/play.ts';

const document = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'build', output: { environment_id: { type: 'string' } }, compensate: 'tear_down' }] },
  {
    id: 'pilot',
    tasks: [
      {
        id: 'deploy',
        input: { environment_id: { type: 'string', required: true } },
        output: { deployment_id: { type: 'string' } },
        compensate: 'take_down',
        retries: 1,
      },
      { id: 'grant', after: ['deploy'], compensate: 'revoke' },
      { id: 'watch', after: ['deploy'] },
      { id: 'report', after: ['grant'], compensate: 'unreport' },
    ],
  },
  { id: 'launch', tasks: [{ id: 'announce', compensate: 'retract' }] },
  { id: 'production' },
]);

const toPilot = (): Play => {
  const play = playOf(document);
  play.do(start());
  succeed(play, 'build', { environment_id: 'env-1' });
  succeed(play, 'deploy', { deployment_id: 'dep-1', region: 'eu' });
  succeed(play, 'grant');
  succeed(play, 'watch');
  return play;
};
const planned = (play: Play) =>
  play.log.map(({ event }) => event).findLast((event) => event.type === 'compensation_planned');
const undo = (play: Play, taskId: string, output = {}) =>
  play.do({ type: 'task_result', ...undoing(play, taskId), owner: 1, outcome: { type: 'succeeded', output } });
function undoing(play: Play, taskId: string) {
  const workId = play.journey().units.find(({ definition }) => definition)?.workId ?? '';
  return { ...taskOf(play, taskId), workId, fence: { generation: 1, attempt: 1 } };
}
const statusOf = (play: Play) => play.journey().units.map(({ templateId, status }) => [templateId, status]);

/** Two people let it pass its gate. */
const override = (play: Play): void => {
  play.do({ type: 'request_override', reason: 'the board meets', by: actorOf(olga) });
  const overrideId = play.journey().override?.id ?? '';
  play.do({ type: 'confirm_override', overrideId, by: actorOf(dana) });
};

describe('S95: a rollback', () => {
  test('undoes what had succeeded in reverse order, with what each task was given and answered', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    expect(planned(play)).toMatchObject({
      work_id: 'uow-acme:3:_compensation',
      steps: [
        { task_id: 'undo_1_grant', intent: 'revoke', undoes: { stage: 'pilot', task_id: 'grant' } },
        {
          task_id: 'undo_2_deploy',
          intent: 'take_down',
          input: { client_id: 'acme', environment_id: 'env-1', deployment_id: 'dep-1', region: 'eu' },
        },
      ],
    });
    expect(play.journey().notUndone, 'and names what nothing undoes').toEqual([{ stage: 'pilot', taskId: 'watch' }]);
  });

  test('has one step follow the other, beside the work of the stage that it led to', () => {
    const play = toPilot();
    const events = play.do(
      { type: 'roll_back', reason: 'back' },
      { route: (intent) => (intent === 'do_build' ? 'in_process' : 'a2a') },
    );
    expect(events.filter(({ type }) => type === 'task_dispatched')).toMatchObject([
      { task_id: 'undo_1_grant', via: 'a2a' },
    ]);
    const next = play.do(
      { type: 'task_result', ...undoing(play, 'undo_1_grant'), outcome: { type: 'succeeded', output: {} } },
      { route: () => 'a2a' },
    );
    expect(next.at(-1)).toMatchObject({
      type: 'task_dispatched',
      task_id: 'undo_2_deploy',
      input: { deployment_id: 'dep-1' },
    });
  });

  test('holds the next promotion until it is done, so that it takes down nothing new', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    succeed(play, 'build', { environment_id: 'env-2' });
    expect(play.journey()).toMatchObject({ stage: 'sandbox', stageEntry: 3 });
    undo(play, 'undo_1_grant');
    expect(play.journey().stage).toBe('sandbox');
    undo(play, 'undo_2_deploy', { deployment_id: 'must not be handed on' });
    expect(play.journey()).toMatchObject({ stage: 'pilot', notUndone: [] });
    expect(play.journey().outputs['sandbox']).toEqual({ environment_id: 'env-2' });
  });

  test('does not let its failure hold the stage back, shows it, and lets it be tried again', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    const of = undoing(play, 'undo_1_grant');
    play.do({
      type: 'task_result',
      ...of,
      owner: 1,
      outcome: { type: 'failed', code: 'task.failed', message: 'no', retryable: false },
    });
    expect(statusOf(play)).toEqual([
      ['sandbox_work', 'in_progress'],
      ['_compensation', 'failed'],
    ]);
    expect(workDone(play.journey())).toBe(false);
    play.do({ type: 'retry_tasks', workId: of.workId });
    play.do({
      type: 'task_result',
      ...of,
      fence: { generation: 2, attempt: 1 },
      owner: 1,
      outcome: { type: 'failed', code: 'task.failed', message: 'no', retryable: false },
    });
    succeed(play, 'build', { environment_id: 'env-2' });
    expect(play.journey().stage, 'the work of the stage is done').toBe('pilot');
  });

  test('lets a journey go whose work was done before its compensation failed', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    succeed(play, 'build', { environment_id: 'env-2' });
    play.do({
      type: 'task_result',
      ...undoing(play, 'undo_1_grant'),
      owner: 1,
      outcome: { type: 'failed', code: 'task.failed', message: 'no', retryable: false },
    });
    expect(play.journey().stage).toBe('pilot');
  });

  test('over several stages undoes all of them, the last one first, and the target not at all', () => {
    const play = toPilot();
    succeed(play, 'report');
    succeed(play, 'announce');
    expect(play.journey().stage).toBe('production');
    play.do({ type: 'roll_back', toStage: 'sandbox', reason: 'all the way' });
    expect(planned(play)?.steps.map(({ undoes }) => `${undoes.stage}/${undoes.task_id}`)).toEqual([
      'launch/announce',
      'pilot/report',
      'pilot/grant',
      'pilot/deploy',
    ]);
    expect(planned(play)?.steps.at(-1)?.input).toMatchObject({ deployment_id: 'dep-1', environment_id: 'env-1' });
    expect(planned(play)?.not_undone).toEqual([{ stage: 'pilot', task_id: 'watch' }]);
  });

  test('that follows another one takes over what that one had not undone yet', () => {
    const play = playOf(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'build' }] },
        { id: 'pilot', tasks: [{ id: 'deploy', compensate: 'take_down' }] },
        { id: 'launch', tasks: [{ id: 'announce', compensate: 'retract' }, { id: 'never' }] },
        { id: 'production' },
      ]),
    );
    play.do(start());
    succeed(play, 'build');
    succeed(play, 'deploy');
    succeed(play, 'announce');
    play.do({ type: 'roll_back', reason: 'one back' });
    succeed(play, 'deploy');
    play.do({ type: 'roll_back', reason: 'and another' });
    expect(planned(play)?.steps.map(({ undoes }) => `${undoes.stage}/${undoes.task_id}`)).toEqual([
      'pilot/deploy',
      'launch/announce',
    ]);
    expect(play.log.map(({ event }) => event)).toContainEqual({
      type: 'unit_cancelled',
      work_id: 'uow-acme:4:_compensation',
    });
  });

  test('undoes what had succeeded in work that an override cancelled, and hands its outputs on until then', () => {
    const play = toPilot();
    override(play);
    expect(play.journey()).toMatchObject({ stage: 'launch', outputs: { pilot: { deployment_id: 'dep-1' } } });
    override(play);
    play.do({ type: 'roll_back', toStage: 'sandbox', reason: 'all the way' });
    expect(planned(play)?.steps).toMatchObject([
      { undoes: { stage: 'pilot', task_id: 'grant' } },
      { undoes: { stage: 'pilot', task_id: 'deploy' }, input: { deployment_id: 'dep-1', environment_id: 'env-1' } },
    ]);
    expect(planned(play)?.not_undone).toEqual([{ stage: 'pilot', task_id: 'watch' }]);
  });

  test('whose compensation was cut short by an override is shown as not undone where the journey goes on', () => {
    const play = toPilot();
    play.do({ type: 'roll_back', reason: 'back' });
    undo(play, 'undo_1_grant');
    override(play);
    expect(play.journey()).toMatchObject({ stage: 'pilot', notUndone: [{ stage: 'pilot', taskId: 'deploy' }] });
  });

  test('undoes nothing twice: what an earlier entry did was undone when that was left', () => {
    const play = toPilot();
    succeed(play, 'report');
    play.do({ type: 'roll_back', toStage: 'sandbox', reason: 'back' });
    succeed(play, 'build', { environment_id: 'env-2' });
    for (const step of ['undo_1_report', 'undo_2_grant', 'undo_3_deploy']) undo(play, step);
    expect(play.journey().stage).toBe('pilot');
    override(play);
    play.do({ type: 'roll_back', toStage: 'sandbox', reason: 'and back again' });
    expect(play.log.filter(({ event }) => event.type === 'compensation_planned')).toHaveLength(1);
  });

  test('from a stage in which nothing was done plans nothing', () => {
    const play = playOf(document);
    play.do(start());
    succeed(play, 'build', { environment_id: 'env-1' });
    failed(play, 'deploy', false);
    play.do({ type: 'roll_back', reason: 'back' });
    expect(planned(play)).toBeUndefined();
    expect(play.journey().units).toHaveLength(1);
  });
});
