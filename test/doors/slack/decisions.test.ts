import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { dana, demoApproval, goodSearch, olga, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { person, peopleAt, wordsIn } from '#test/support/slack/people.ts';
import { slackApp, type SlackApp } from '#test/support/slack/slack-app.ts';
import { startSlackDouble, TEAM, type Fields, type SlackDouble } from '#examples/slack/slack-double.ts';
import { verify } from '#test/support/engine/verify.ts';
import type { Database } from '#adapters/postgres/database.ts';

let database: Database;
let slack: SlackDouble;
let app: SlackApp;
let at: ReturnType<typeof peopleAt>;

const gate = (parameters: Fields = {}) => [searchQuality(0.8), demoApproval(parameters as never)];

beforeAll(async () => {
  ({ database } = await freshEmbedded());
  slack = await startSlackDouble();
  for (const user of ['U0ADMIN', 'U0ANN', 'U0BEN', 'U0CAT', 'U0STRANGER']) slack.users.set(user, person);
  slack.users.set('U0GUEST', { ...person, is_restricted: true });
  slack.users.set('U0BOT', { ...person, is_bot: true });
  slack.users.set('U0GONE', { ...person, deleted: true });
  slack.users.set('U0OTHER', { team_id: 'T0OTHER' });
  slack.groups.set('S0OWNERS', ['U0CAT']);
  app = await slackApp({
    database,
    slack,
    functions: scriptedAgents().functions,
    settings: {
      document: smallDocument([
        { id: 'sandbox', criteria: gate() },
        { id: 'pilot', criteria: gate({ min_approvals: 2, approvers: ['user:dana', 'slack_group:S0OWNERS'] }) },
        { id: 'production' },
      ]),
    },
  });
  at = peopleAt(app, slack);
  await at.types('U0ADMIN', 'people map <@U0ANN|ann> approver ann');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack.close();
});

/** A journey whose demo is to be approved. */
async function asked(clientId: string): Promise<Output> {
  await app.engine.call('journey.start', startInput(clientId));
  await app.engine.call('evidence.record', {
    client_id: clientId,
    observations: [{ kind: 'search_quality', value: goodSearch }],
  });
  return (await app.engine.until(clientId, ({ approval }) => approval?.status === 'open')).approval;
}
const valueOf = ({ approval_id, digest }: Output): string => JSON.stringify({ approval_id, digest });
const votesOn = async (clientId: string): Promise<readonly string[]> =>
  (await app.engine.show(clientId)).approval?.votes ?? [];

describe('who may decide is asked at the click', () => {
  it('I4: strangers, guests, bots, the deactivated and other workspaces are refused, whatever the button says', async () => {
    const value = valueOf(await asked('acme'));
    for (const [user, team] of [
      ['U0STRANGER'],
      ['U0GUEST'],
      ['U0BOT'],
      ['U0GONE'],
      ['U0OTHER', 'T0OTHER'],
      ['U0ANN', 'T0OTHER'],
      ['U0NOBODY'],
    ] as const) {
      const said = await at.clicks({ action_id: 'approve', value, user, ...(team === undefined ? {} : { team }) });
      expect(said['response_type']).toBe('ephemeral');
      expect(`${user}: ${wordsIn(said)}`).toMatch(/mapped to|bot cannot|deactivated|could not say/);
    }
    expect(await votesOn('acme')).toEqual([]);
  });

  it('a value that was forged decides nothing', async () => {
    const { approval_id, digest } = (await app.engine.show('acme')).approval;
    for (const value of [
      '',
      'null',
      '{}',
      '{"approval_id":"x"}',
      JSON.stringify({ approval_id: 'apr-acme:1:999', digest }),
      JSON.stringify({ approval_id, digest: 'forged', by: 'dana' }),
    ])
      expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).not.toMatch(/You have/);
    expect(wordsIn(await at.clicks({ action_id: 'drop_table', value: '1', user: 'U0ANN' }))).toMatch(
      /not known any more/,
    );
    expect(await votesOn('acme')).toEqual([]);
  });

  it('Slack that does not say who somebody is lets nobody in', async () => {
    const value = valueOf((await app.engine.show('acme')).approval);
    slack.users.set('U0LATE', person);
    slack.mishaps('users.info', { is: 'status', status: 500 });
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0LATE' }))).toMatch(/could not say/);
  });

  it('the person that is mapped decides under the name of their token, once; a second click is told so', async () => {
    const value = valueOf((await app.engine.show('acme')).approval);
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).toMatch(/You have approved/);
    const events = (await app.engine.call('journey.history', { client_id: 'acme' })).events;
    expect(events.filter(({ type }: Output) => type === 'approval_decided')).toMatchObject([
      { actor: 'ann', door: 'slack' },
    ]);
    expect(await app.engine.show('acme')).toMatchObject({ stage: 'pilot' });
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).not.toMatch(/You have/);
  });

  it('one person counts once over all doors, and a group of Slack counts as an approver', async () => {
    await app.engine.call('evidence.record', {
      client_id: 'acme',
      observations: [{ kind: 'search_quality', value: goodSearch }],
    });
    const { approval } = await app.engine.until('acme', ({ approval: one }) => one?.status === 'open');
    const value = valueOf(approval);
    await at.types('U0ADMIN', 'people map <@U0BEN> approver dana');
    await app.engine.call('approval.decide', { approval_id: approval.approval_id, decision: 'approve' }, dana);
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0BEN' }))).toMatch(/counts once/);
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).toMatch(/not among the/);
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0CAT' }))).toMatch(/You have approved/);
    expect(await app.engine.show('acme')).toMatchObject({ stage: 'production' });
    expect(wordsIn(await at.types('U0CAT', 'status acme'))).toMatch(/mapped to/);
  });

  it('whoever is unmapped is refused at the next click, and the list says who did it', async () => {
    const value = valueOf(await asked('globex'));
    await at.types('U0ADMIN', 'people unmap <@U0ANN>');
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).toMatch(/mapped to/);
    const { people } = await app.engine.call('person.list', {}, { ...olga, roles: ['admin'] });
    expect(people.find(({ user_id }: Output) => user_id === 'U0ANN')).toMatchObject({
      principal: 'ann',
      mapped_by: `slack:${TEAM}:U0ADMIN`,
      unmapped_by: `slack:${TEAM}:U0ADMIN`,
    });
  });

  it('only an admin maps people, and nobody becomes an agent or the system', async () => {
    expect(wordsIn(await at.types('U0BEN', 'people map <@U0BEN> admin'))).toMatch(/needs the role/);
    await app.engine.call('token.create', { name: 'robot', kind: 'agent' }, { ...olga, roles: ['admin'] });
    expect(wordsIn(await at.types('U0ADMIN', 'people map <@U0BEN> approver robot'))).toMatch(/agent/);
    expect(wordsIn(await at.types('U0ADMIN', 'people map <@U0BEN> approver system'))).toMatch(/system/);
  });

  it('a person of the client approves by button in a shared channel, under their own workspace', async () => {
    const value = valueOf((await app.engine.show('globex')).approval);
    await app.engine.call(
      'person.map',
      { team_id: 'T0OTHER', user_id: 'U0OTHER', roles: ['approver'], clients: ['globex'] },
      { ...olga, roles: ['admin'] },
    );
    const ofAcme = JSON.stringify({ approval_id: 'apr-acme:1:1', digest: 'x' });
    expect(wordsIn(await at.clicks({ action_id: 'approve', value: ofAcme, user: 'U0OTHER', team: 'T0OTHER' }))).toMatch(
      /No journey of acme/,
    );
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0OTHER', team: 'T0OTHER' }))).toMatch(
      /You have approved/,
    );
  });
});

describe('a rejection', () => {
  it('asks for the reason in a form, and a refusal shows in that form', async () => {
    const value = valueOf(await asked('initech'));
    await at.types('U0ADMIN', 'people map <@U0ANN|ann> approver ann');
    const before = slack.callsOf('views.open').length;
    await app.form(
      (await import('#examples/slack/requests.ts')).click({
        action_id: 'reject',
        value,
        user: 'U0ANN',
        responseUrl: slack.responseUrl('reject'),
      }),
    );
    await expect.poll(() => slack.callsOf('views.open').length, { timeout: 120_000 }).toBe(before + 1);
    const view = slack.callsOf('views.open').at(-1)?.body['view'] as Fields;
    const stranger = await at.sends('U0STRANGER', view, { reason: { value: { value: 'no' } } });
    expect(await stranger.json()).toMatchObject({ response_action: 'update' });
    const sent = await at.sends('U0ANN', view, { reason: { value: { value: 'The <!channel> search is slow' } } });
    expect({ status: sent.status, body: await sent.text() }).toEqual({ status: 200, body: '' });
    expect((await app.engine.show('initech')).approval).toMatchObject({
      status: 'rejected',
      decided_by: 'ann',
      reason: 'The <!channel> search is slow',
    });
    const late = await at.sends('U0ANN', view, { reason: { value: { value: 'again' } } });
    expect(JSON.stringify(await late.json())).toMatch(/rejected by ann|already/);
  });
});

it('every invariant of the journal holds after all of it', async () => {
  expect((await verify(database)).broken).toEqual([]);
});
