import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { TaskDispatched } from '#core/journey/events.ts';
import { realDocument, smallDocument } from '#test/support/engine/fixtures.ts';
import { doSandboxWork, playOf, start, succeed, type Play } from '#test/support/engine/play.ts';

const text = { type: 'string', required: true };
const production = { id: 'production' };
/** What the task was given: a route to an agent records it. */
const inputOf = (play: Play, taskId: string): JsonObject | undefined =>
  (
    play.log.findLast(({ event }) => event.type === 'task_dispatched' && event.task_id === taskId)?.event as
      | TaskDispatched
      | undefined
  )?.input;
const remote = { route: () => 'a2a' as const };
const done = (play: Play, taskId: string, output: JsonObject): void => {
  const { workId } = play.journey().units[0] ?? { workId: '' };
  const fence = { generation: 1, attempt: 1 };
  play.do({ type: 'task_result', workId, taskId, fence, outcome: { type: 'succeeded', output } }, remote);
};

describe('S93: an input comes from', () => {
  const chain = [
    { id: 'far' },
    { id: 'near', after: ['far'] },
    { id: 'last', after: ['near'], input: { where: text } },
  ];

  test('the nearest ancestor that put it out, before a further one and before the journey', () => {
    const play = playOf(smallDocument([{ id: 'sandbox', tasks: chain }, production]));
    play.do(start({ where: 'journey' }), remote);
    done(play, 'far', { where: 'far' });
    done(play, 'near', { where: 'near' });
    expect(inputOf(play, 'last')).toEqual({ where: 'near' });
  });

  test('a further ancestor where the nearest one says nothing', () => {
    const play = playOf(smallDocument([{ id: 'sandbox', tasks: chain }, production]));
    play.do(start({ where: 'journey' }), remote);
    done(play, 'far', { where: 'far' });
    done(play, 'near', {});
    expect(inputOf(play, 'last')).toEqual({ where: 'far' });
  });

  test('the explicit input_mapping before all of these', () => {
    const mapped = [chain[0], chain[1], { ...chain[2], id: 'last', mapping: { where: 'far.place' } }];
    const play = playOf(smallDocument([{ id: 'sandbox', tasks: mapped as typeof chain }, production]));
    play.do(start({ where: 'journey' }), remote);
    done(play, 'far', { place: 'mapped', where: 'far' });
    done(play, 'near', { where: 'near' });
    expect(inputOf(play, 'last')).toEqual({ where: 'mapped' });
  });

  test('an earlier stage before the journey, and the journey before the default', () => {
    const fields = { where: text, who: text, how: { type: 'string', default: 'slowly' }, why: { type: 'string' } };
    const play = playOf(
      smallDocument([
        { id: 'sandbox', tasks: [{ id: 'far' }] },
        { id: 'pilot', tasks: [{ id: 'last', input: fields }] },
        production,
      ]),
    );
    play.do(start({ where: 'journey', who: 'ann' }), remote);
    done(play, 'far', { where: 'sandbox' });
    expect(play.journey().stage).toBe('pilot');
    expect(inputOf(play, 'last')).toEqual({ where: 'sandbox', who: 'ann', how: 'slowly' });
  });

  test('a task beside it is not asked: only what comes before', () => {
    const tasks = [{ id: 'beside' }, { id: 'last', after: ['first'], input: { where: text } }, { id: 'first' }];
    const play = playOf(smallDocument([{ id: 'sandbox', tasks }, production]));
    play.do(start(), remote);
    done(play, 'beside', { where: 'beside' });
    done(play, 'first', {});
    expect(play.journey().units[0]?.tasks['last']).toMatchObject({ status: 'waiting_for_input', missing: ['where'] });
  });
});

describe('the real config', () => {
  test('S84 S85 S86: client_id is the client, connectors default to data_sources, environment_id comes from afar', () => {
    const play = playOf(realDocument);
    play.do(start(), remote);
    expect(inputOf(play, 'provision_infra')).toEqual({ client_id: 'acme', data_sources: ['jira', 'slack'] });
    done(play, 'provision_infra', { environment_id: 'env-1', status: 'ready' });
    expect(inputOf(play, 'install_connectors')).toEqual({ environment_id: 'env-1', connectors: ['jira', 'slack'] });
    done(play, 'install_connectors', { installed_connectors: ['jira', 'slack'] });
    expect(inputOf(play, 'provision_test_data')).toEqual({ environment_id: 'env-1', data_sources: ['jira', 'slack'] });
  });

  test('S85: connectors that are given stand above the data sources', () => {
    const play = playOf(realDocument);
    play.do(start({ connectors: ['jira'] }), remote);
    done(play, 'provision_infra', { environment_id: 'env-1', status: 'ready' });
    expect(inputOf(play, 'install_connectors')).toMatchObject({ connectors: ['jira'] });
  });
});

const inPilot = (inputs: JsonObject = {}): Play => {
  const document = { ...realDocument, stages: realDocument.stages.map((stage) => ({ ...stage, exit_criteria: [] })) };
  const play = playOf(document);
  play.do(start(inputs));
  doSandboxWork(play);
  return play;
};

describe('S89 S90: a task whose input nothing produces', () => {
  test('waits and names the field; provide-input lets it go on', () => {
    const play = inPilot();
    expect(play.journey()).toMatchObject({
      stage: 'pilot',
      units: [{ tasks: { deploy_to_production: { status: 'waiting_for_input', missing: ['pilot_cohort_size'] } } }],
    });
    play.do({ type: 'provide_input', inputs: { pilot_cohort_size: 25 } });
    expect(play.journey().units[0]?.tasks['deploy_to_production']).toMatchObject({ status: 'running', attempt: 1 });
    succeed(play, 'deploy_to_production');
    expect(play.journey().units[0]?.tasks['configure_user_access']).toMatchObject({ missing: ['users'] });
    expect(play.journey().units[0]?.tasks['setup_monitoring'], 'the other branch goes on').toBeUndefined();
    succeed(play, 'setup_monitoring');
  });

  test('goes on waiting for what is still missing, and refuses a value of the wrong type', () => {
    const play = inPilot();
    play.do({ type: 'provide_input', inputs: { users: ['ann'] } });
    expect(play.journey().units[0]?.tasks['deploy_to_production']).toMatchObject({ status: 'waiting_for_input' });
    expect(play.refused({ type: 'provide_input', inputs: { pilot_cohort_size: 'many' } }).refused).toBe(
      'task.input_invalid',
    );
  });

  test('does not wait when the input came with the start or while the journey was queued', () => {
    const play = playOf(realDocument);
    play.do(start(), { mayAdmit: false });
    play.do({ type: 'provide_input', inputs: { pilot_cohort_size: 25 } });
    play.do({ type: 'admit' });
    expect(play.journey().inputs).toMatchObject({ pilot_cohort_size: 25 });
    expect(inPilot({ pilot_cohort_size: 5 }).journey().units[0]?.tasks['deploy_to_production']).toBeUndefined();
  });
});
