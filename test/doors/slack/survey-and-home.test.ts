import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '#application/principal.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { dana, demoApproval, goodSearch, olga, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually, startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { problemsIn } from '#test/support/slack/limits.ts';
import { person, peopleAt, wordsIn } from '#test/support/slack/people.ts';
import { event } from '#examples/slack/requests.ts';
import { slackApp, type SlackApp } from '#test/support/slack/slack-app.ts';
import { CHANNEL, startSlackDouble, type Fields, type SlackDouble } from '#examples/slack/slack-double.ts';
import { loggerInto, type Line } from '../http/fakes.ts';

let slack: SlackDouble;
let app: SlackApp;
let at: ReturnType<typeof peopleAt>;
const lines: Line[] = [];
const admin: Principal = { ...olga, roles: ['admin'] };

const satisfaction = {
  check_id: 'user_satisfaction',
  name: 'Satisfaction',
  validator: 'UserSatisfactionValidator',
  parameters: { min_score: 4, min_responses: 3 },
};

beforeAll(async () => {
  const { database } = await freshEmbedded();
  slack = await startSlackDouble();
  for (const user of ['U0ADMIN', 'U0ANN', 'U0ONE', 'U0TWO']) slack.users.set(user, person);
  slack.users.set('U0GUEST', { ...person, is_restricted: true });
  slack.users.set('U0BOT', { ...person, is_bot: true });
  app = await slackApp({
    database,
    slack,
    functions: scriptedAgents().functions,
    logger: loggerInto(lines),
    settings: {
      document: smallDocument([
        { id: 'pilot', criteria: [satisfaction] },
        { id: 'wide', criteria: [searchQuality(0.8), demoApproval()] },
        { id: 'production' },
      ]),
    },
  });
  at = peopleAt(app, slack);
  await app.engine.call('journey.start', startInput('acme'));
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack.close();
});

const scoreOf = (surveyed: Fields, score: number, user: string, team?: string) =>
  at.clicks({
    action_id: `survey_score_${score}`,
    value: JSON.stringify(surveyed),
    user,
    ...(team === undefined ? {} : { team }),
  });

describe('a survey', () => {
  it('S77: is begun by an operator, answered by whoever is in the channel, and judged as their satisfaction', async () => {
    expect(wordsIn(await at.types('U0ANN', 'survey acme'))).toMatch(/mapped to/);
    const asked = await at.types('U0ADMIN', 'survey acme');
    expect(asked['response_type']).toBe('in_channel');
    expect(wordsIn(asked)).toContain('survey_score_5');
    const surveyed = { client_id: 'acme', stage_entry: 1 };
    slack.users.set('U0CLIENT', { team_id: 'T0OTHER' });
    await scoreOf(surveyed, 1, 'U0ONE');
    expect(wordsIn(await scoreOf(surveyed, 5, 'U0ONE'))).toMatch(/Thank you: 5 of 5/);
    expect(wordsIn(await scoreOf(surveyed, 4, 'U0GUEST'))).toMatch(/Thank you/);
    expect(wordsIn(await scoreOf(surveyed, 5, 'U0BOT'))).toMatch(/Only people/);
    expect(await app.engine.show('acme')).toMatchObject({ stage: 'pilot' });
    expect(wordsIn(await scoreOf(surveyed, 4, 'U0CLIENT', 'T0OTHER'))).toMatch(/Thank you/);
    expect(await app.engine.show('acme')).toMatchObject({ stage: 'wide' });
    const { evidence } = await app.engine.call('evidence.show', { client_id: 'acme' });
    expect(evidence[0]).toMatchObject({
      subject: 'slack:T0OTHER:U0CLIENT',
      origin: 'collector:slack_survey',
      value: { score: 4 },
    });
  });

  it('is over when the journey has moved on, and a forged value asks about nothing', async () => {
    expect(wordsIn(await scoreOf({ client_id: 'acme', stage_entry: 1 }, 5, 'U0TWO'))).toMatch(/is over/);
    expect(wordsIn(await scoreOf({ client_id: 'nobody', stage_entry: 1 }, 5, 'U0TWO'))).toMatch(/No journey/);
    expect(wordsIn(await scoreOf({ client_id: '../x' }, 5, 'U0TWO'))).toMatch(/does not say/);
  });
});

async function open(user: string): Promise<Fields> {
  const before = slack.callsOf('views.publish').length;
  expect((await app.json(event({ type: 'app_home_opened', user, channel: 'D1', tab: 'home' }))).status).toBe(200);
  await eventually(
    async () => slack.callsOf('views.publish').length,
    (calls) => calls > before,
  );
  const view = slack.homes.get(user) as Fields;
  expect(problemsIn({ view })).toEqual([]);
  return view;
}

describe('the home tab', () => {
  it('shows the approvals that wait and the journeys that somebody started; the button there decides', async () => {
    await app.engine.call('evidence.record', {
      client_id: 'acme',
      observations: [{ kind: 'search_quality', value: goodSearch }],
    });
    const { approval } = await app.engine.until('acme', (journey: Output) => journey.approval?.status === 'open');
    await at.types('U0ADMIN', 'people map <@U0ANN> approver,operator ann');
    await at.types('U0ANN', 'start anns jira');
    const view = await open('U0ANN');
    expect(wordsIn(view)).toContain('My approvals: 1');
    expect(wordsIn(view)).toContain('My journeys: 1');
    expect(wordsIn(view)).toContain(approval.approval_id);
    const value = JSON.stringify({ approval_id: approval.approval_id, digest: approval.digest });
    expect(wordsIn(await at.clicks({ action_id: 'approve', value, user: 'U0ANN' }))).toMatch(/You have approved/);
    expect(wordsIn(await open('U0ANN'))).toContain('My approvals: 0');
  });

  it('tells a stranger how to get in', async () => {
    expect(wordsIn(await open('U0TWO'))).toMatch(/mapped to/);
  });
});

describe('the app itself', () => {
  it('that is uninstalled or loses its token raises an alert; the token of a single user does not', async () => {
    await app.json(event({ type: 'app_uninstalled' }));
    await app.json(event({ type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0BOT'] } }));
    await app.json(event({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } }));
    const alerts = lines.filter(({ fields }) => fields['alert'] === 'destination_gone');
    expect(alerts.map(({ message }) => message)).toEqual([
      expect.stringMatching(/uninstalled/),
      expect.stringMatching(/revoked/),
    ]);
  });

  it('slack check: says what is well, and what to do where something is not', async () => {
    const well = await app.engine.call('slack.check', {}, admin);
    expect(well).toMatchObject({ ok: true });
    expect(well.findings.map(({ what }: Output) => what)).toEqual([
      'token',
      'scopes',
      `channel ${CHANNEL}`,
      'signed request',
    ]);
    slack.mishaps('auth.test', { is: 'error', error: 'invalid_auth' });
    slack.mishaps('conversations.info', { is: 'error', error: 'channel_not_found' });
    const ill = await app.engine.call('slack.check', {}, admin);
    expect(ill).toMatchObject({ ok: false });
    expect(ill.findings.filter(({ ok }: Output) => !ok)).toMatchObject([
      { what: 'token', found: 'Slack says invalid_auth.', hint: expect.stringMatching(/SLACK_BOT_TOKEN/) },
      { what: `channel ${CHANNEL}`, hint: expect.stringMatching(/invite/) },
    ]);
    expect((await app.engine.refused('slack.check', {}, dana)).code).toBe('auth.forbidden');
  });
});
