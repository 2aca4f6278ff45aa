import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { startInput } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { person, peopleAt, wordsIn } from '#test/support/slack/people.ts';
import { slackApp, type SlackApp } from '#test/support/slack/slack-app.ts';
import { startSlackDouble, TEAM, type Fields, type SlackDouble } from '#examples/slack/slack-double.ts';

let slack: SlackDouble;
let app: SlackApp;
let at: ReturnType<typeof peopleAt>;

beforeAll(async () => {
  const { database } = await freshEmbedded();
  slack = await startSlackDouble();
  for (const user of ['U0ADMIN', 'U0ANN', 'U0BEN', 'U0NEW']) slack.users.set(user, person);
  app = await slackApp({
    database,
    slack,
    functions: scriptedAgents().functions,
    slackSettings: { groupRoles: { S0OPS: ['operator'] } },
  });
  at = peopleAt(app, slack);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack.close();
});

const value = (words: unknown): Fields => ({ value: words });

test('S144: every use-case has a word in Slack, or says why not', () => {
  const silent = catalogue.filter(
    ({ surface }) => (surface.slack === undefined) === (surface.without?.slack === undefined),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
  const words = catalogue.flatMap(({ surface }) => surface.slack?.word ?? []);
  expect(new Set(words).size).toBe(words.length);
});

describe('/journey', () => {
  it('help is a public surface: a change of it is accepted on purpose', async () => {
    const { blocks, response_type } = await at.types('U0STRANGER', 'help');
    expect(response_type).toBe('ephemeral');
    const lines = (blocks as readonly { text?: { text: string }; elements?: readonly { text: string }[] }[]).map(
      (block) => block.text?.text ?? block.elements?.map(({ text }) => text).join('\n'),
    );
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./help.txt');
    expect(wordsIn(await at.types('U0STRANGER', ''))).toContain('rollback');
  });

  it('names the word that may have been meant', async () => {
    expect(wordsIn(await at.types('U0ADMIN', 'statsu acme'))).toContain('/journey status');
    expect(wordsIn(await at.types('U0ADMIN', 'people mpa @x'))).toContain('people map');
    expect(wordsIn(await at.types('U0ADMIN', 'zzzzzzzzzz'))).toContain('/journey help');
  });

  it('starts a journey where everybody sees it, and shows it to whoever asks alone', async () => {
    const started = await at.types('U0ADMIN', 'start acme salesforce, jira inputs=pilot_cohort_size=25');
    expect(started).toMatchObject({ response_type: 'in_channel' });
    expect(wordsIn(started)).toMatch(/started the journey/);
    expect(await app.engine.show('acme')).toMatchObject({
      started_by: `slack:${TEAM}:U0ADMIN`,
      inputs: { data_sources: ['salesforce', 'jira'], pilot_cohort_size: 25 },
    });
    const status = await at.types('U0ADMIN', 'status acme');
    expect(status).toMatchObject({ response_type: 'ephemeral' });
    expect(wordsIn(status)).toContain('Day 1 of 15');
    const [first] = (await app.engine.call('journey.history', { client_id: 'acme' })).events;
    expect(first).toMatchObject({ door: 'slack', actor: `slack:${TEAM}:U0ADMIN` });
  });

  it('every word that reads answers in blocks that Slack takes', async () => {
    await app.engine.call('journey.start', startInput('globex'));
    for (const line of [
      'list',
      'list stage=sandbox',
      'history acme',
      'work acme',
      'evidence list acme',
      'approvals',
      'agents',
      'people list',
      'validate-exit acme',
      'status globex',
    ])
      expect(await at.types('U0ADMIN', line)).toHaveProperty('blocks');
  });

  it('records evidence that is typed as name=value, under the roles of whoever types', async () => {
    expect(
      wordsIn(await at.types('U0ADMIN', 'evidence add acme search_quality precision=0.9 k=5 sampled=200')),
    ).toContain('Recorded 1');
    expect(wordsIn(await at.types('U0ADMIN', 'evidence add acme search_quality precision=nine'))).toMatch(/not valid/);
  });

  it('asks in a form for what is missing, and does what comes back with it', async () => {
    const { view, answer } = await at.isAsked('U0ADMIN', 'rollback acme');
    expect(view).toMatchObject({ type: 'modal', callback_id: 'form:rollback' });
    expect(wordsIn(view)).toContain('"initial_value":"acme"');
    const sent = await at.sends('U0ADMIN', view, {
      client_id: { value: value('acme') },
      to_stage: { value: value(null) },
      reason: { value: value('the index is broken') },
    });
    expect(sent.status).toBe(200);
    // The sandbox is the first stage: the refusal is for whoever asked alone.
    const refused = await answer();
    expect(refused).toMatchObject({ response_type: 'ephemeral' });
    expect(wordsIn(refused)).toMatch(/first stage/);
  });

  it('says in the form itself that somebody may not', async () => {
    const { view } = await at.isAsked('U0NEW', 'start');
    expect(view).not.toHaveProperty('submit');
    expect(wordsIn(view)).toMatch(/mapped to\s+nobody|nobody/);
  });

  it('a form that Slack does not open is told, with the way to type it whole', async () => {
    slack.mishaps('views.open', { is: 'error', error: 'expired_trigger_id' });
    const said = await at.types('U0ADMIN', 'complete acme');
    expect(wordsIn(said)).toMatch(/expired_trigger_id/);
    expect(wordsIn(said)).toMatch(/complete acme/);
  });

  it('text of clients comes out as text: no mention, no link, no markup, and not without end', async () => {
    const evil = `<!channel> <@U0BEN> <https://evil.example|click> *bold* :tada: ${'x'.repeat(10_000)}`;
    await app.engine.call('journey.start', startInput('initech'));
    await app.engine.call('evidence.record', {
      client_id: 'initech',
      observations: [
        { kind: 'search_quality', value: { precision: 0.9, k: 5, sampled: 200 }, source: evil.slice(0, 255) },
      ],
    });
    const said = await at.types('U0ADMIN', `complete initech ${evil.slice(0, 1_900)}`);
    expect(said['text']).not.toMatch(/[<>]/);
    expect(wordsIn(await at.types('U0ADMIN', 'history initech'))).toContain('journey completed');
    expect(wordsIn(await at.types('U0ADMIN', `status ${'y'.repeat(10_000)}`))).toMatch(/client_id/);
  });
});
