import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DAY } from '#core/time.ts';
import { systemClock } from '#adapters/clock.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { dana, demoApproval, goodSearch, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { eventually, startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { problemsIn } from '#test/support/slack/limits.ts';
import { person } from '#test/support/slack/people.ts';
import { click } from '#examples/slack/requests.ts';
import { BOT_TOKEN, slackApp, type SlackApp } from '#test/support/slack/slack-app.ts';
import { CHANNEL, startSlackDouble, TEAM, type SlackDouble, type Standing } from '#examples/slack/slack-double.ts';
import { loggerInto, type Line } from '../http/fakes.ts';

const document = smallDocument([
  { id: 'sandbox', criteria: [searchQuality(0.8), demoApproval()] },
  { id: 'pilot', criteria: [searchQuality(0.8)] },
  { id: 'production' },
]);
const WITHIN_MS = 40_000;
// The relay tries again after five seconds of real time.
vi.setConfig({ testTimeout: 90_000 });

let at: FreshDatabase;
let slack: SlackDouble;
let ahead_ms = 0;
const apps: SlackApp[] = [];
const lines: Line[] = [];

beforeEach(async () => {
  slack = await startSlackDouble();
  for (const user of ['U0ADMIN', 'U0ANN']) slack.users.set(user, person);
  ahead_ms = 0;
  lines.length = 0;
});
afterEach(async () => {
  for (const app of apps.splice(0).toReversed()) await app[Symbol.asyncDispose]();
  await slack.close();
  await at.drop();
});

async function opened(database: FreshDatabase, more: Partial<Parameters<typeof slackApp>[0]> = {}): Promise<SlackApp> {
  const real = systemClock();
  const app = await slackApp({
    database: database.database,
    slack,
    keepDatabase: true,
    functions: scriptedAgents().functions,
    settings: { document },
    clock: { ...real, journey: () => real.journey() + ahead_ms },
    logger: loggerInto(lines),
    ...more,
  });
  apps.push(app);
  return app;
}

async function toTheDemo(app: SlackApp, clientId = 'acme'): Promise<Output> {
  const { journeys } = await app.engine.call('journey.list', {});
  if (journeys.length === 0) await app.engine.call('journey.start', startInput(clientId));
  await app.engine.call('evidence.record', {
    client_id: clientId,
    observations: [{ kind: 'search_quality', value: goodSearch }],
  });
  return (await app.engine.until(clientId, ({ approval }) => approval?.status === 'open', WITHIN_MS)).approval;
}

const words = ({ blocks }: Standing): string => JSON.stringify(blocks);
const cards = (): readonly Standing[] =>
  slack.standing().filter(({ metadata }) => String(metadata?.event_payload['key']).startsWith('card:'));
const keys = (): readonly string[] =>
  slack.standing(CHANNEL).map(({ metadata }) => String(metadata?.event_payload['key']));
const theCard = (fits: (card: Standing) => boolean = () => true): Promise<readonly Standing[]> =>
  eventually(
    async () => cards(),
    (found) => found.length > 0 && found.every(fits),
    WITHIN_MS,
  );
const isDecided = (card: Standing): boolean => /Approved by|Rejected by|No longer/.test(words(card));

describe('a journey in its channel', () => {
  beforeEach(async () => {
    at = await freshEmbedded();
  });

  it('has one thread, its card in it, and the card is edited in place when another door decides', async () => {
    const app = await opened(at, {
      settings: { document, http: { host: '127.0.0.1', port: 0, publicUrl: 'https://journeys.example' } },
    });
    const approval = await toTheDemo(app);
    const [card] = await theCard();
    expect(card).toMatchObject({ channel: CHANNEL, edits: 0 });
    expect(words(card as Standing)).toContain('0.9 · target 0.8 · just now');
    expect(words(card as Standing)).toContain('"action_id":"reject"');
    expect(words(card as Standing)).toContain('https://journeys.example/api/v1/journeys/acme');
    await app.engine.call('approval.decide', { approval_id: approval.approval_id, decision: 'approve' }, dana);
    const [edited] = await theCard(isDecided);
    expect(edited).toMatchObject({ ts: card?.ts, edits: 1 });
    expect(words(edited as Standing)).toMatch(/Approved by dana/);
    expect(words(edited as Standing)).not.toContain('action_id":"approve"');
    await eventually(
      async () => keys().filter((key) => key.startsWith('notice:')).length,
      (count) => count >= 3,
      WITHIN_MS,
    );
    expect(keys().filter((key) => key.startsWith('thread:'))).toHaveLength(1);
    const [head, ...rest] = slack.standing(CHANNEL);
    expect(rest.every(({ thread_ts }) => thread_ts === head?.ts)).toBe(true);
    expect(words(slack.standing(CHANNEL)[0] as Standing)).toContain('pilot');
    for (const { method, body } of slack.calls.filter((call) => call.method.startsWith('chat.')))
      expect({ method, problems: problemsIn(body) }).toEqual({ method, problems: [] });
  });

  it('a rejection and a void request are drawn on their cards', async () => {
    const app = await opened(at);
    const approval = await toTheDemo(app);
    await theCard();
    await app.engine.call(
      'approval.decide',
      { approval_id: approval.approval_id, decision: 'reject', reason: 'not <!channel> yet' },
      dana,
    );
    expect(words((await theCard(isDecided))[0] as Standing)).toMatch(/Rejected by dana.*not <!channel> yet/);
    await app.engine.call('approval.request', { client_id: 'acme' });
    await eventually(
      async () => cards().length,
      (count) => count === 2,
      WITHIN_MS,
    );
    await app.engine.call('evidence.record', {
      client_id: 'acme',
      observations: [{ kind: 'search_quality', value: { ...goodSearch, precision: 0.1 } }],
    });
    expect(words((await theCard(isDecided))[1] as Standing)).toMatch(/No longer asked/);
    for (const { text } of slack.standing()) expect(text).not.toMatch(/[<>]/);
  });

  it('an expired request is drawn as such, and a click on it is told', async () => {
    const app = await opened(at);
    const { approval_id, digest } = await toTheDemo(app);
    await theCard();
    ahead_ms = 8 * DAY;
    await app.engine.call('evidence.record', {
      client_id: 'acme',
      observations: [{ kind: 'search_quality', value: goodSearch }],
    });
    await eventually(
      async () => cards(),
      ([first]) => first !== undefined && isDecided(first),
      WITHIN_MS,
    );
    await app.engine.call(
      'person.map',
      { team_id: TEAM, user_id: 'U0ANN', name: 'ann', roles: ['approver'] },
      { ...dana, roles: ['admin'] },
    );
    await app.form(
      click({
        action_id: 'approve',
        value: JSON.stringify({ approval_id, digest }),
        user: 'U0ANN',
        responseUrl: slack.responseUrl('late'),
      }),
    );
    const said = await eventually(
      async () => slack.said.find(({ url }) => url === '/respond/late'),
      (one) => one !== undefined,
      WITHIN_MS,
    );
    expect(JSON.stringify(said)).toMatch(/expired|is not the open request|void/);
  });

  it.each([
    ['the answer is lost after it was posted', { is: 'cut', done: true }],
    ['it answers 500 although it was posted', { is: 'status', status: 500, done: true }],
    ['it answers 500 and nothing was posted', { is: 'status', status: 500 }],
    ['the connection is cut before', { is: 'cut', done: false }],
    ['it asks for patience', { is: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['it says internal_error', { is: 'error', error: 'internal_error' }],
  ] as const)('the card stands once when Slack fails: %s', async (_name, mishap) => {
    const app = await opened(at);
    await app.engine.call('journey.start', startInput('acme'));
    await eventually(
      async () => keys(),
      (all) => all.some((key) => key.startsWith('notice:')),
      WITHIN_MS,
    );
    slack.mishaps('chat.postMessage', mishap);
    await toTheDemo(app);
    await theCard();
    await app.engine.call('journey.complete', { client_id: 'acme', reason: 'done' });
    await eventually(
      async () => slack.standing().map(words).join(),
      (all) => all.includes('Completed in'),
      WITHIN_MS,
    );
    expect(new Set(keys()).size).toBe(keys().length);
  });

  it('I20: a dead Slack delays no transition, and what it missed is told in order when it is back', async () => {
    const app = await opened(at);
    slack.mishaps('chat.postMessage', { is: 'cut', done: false });
    const approval = await toTheDemo(app);
    await app.engine.call('approval.decide', { approval_id: approval.approval_id, decision: 'approve' }, dana);
    expect(await app.engine.show('acme')).toMatchObject({ stage: 'pilot' });
    expect(slack.standing()).toEqual([]);
    await eventually(
      async () => keys().filter((key) => key.startsWith('notice:')).length,
      (count) => count >= 3,
      WITHIN_MS,
    );
    const seqs = keys().flatMap((key) => (key.startsWith('notice:') ? [Number(key.slice('notice:'.length))] : []));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  it('a channel that the app is not in parks what is to be told, rather than losing it', async () => {
    const app = await opened(at);
    slack.mishaps('chat.postMessage', { is: 'error', error: 'not_in_channel' });
    await app.engine.call('journey.start', startInput('acme'));
    await eventually(
      async () => JSON.stringify(lines),
      (all) => all.includes('destination_gone'),
      WITHIN_MS,
    );
    const { deliveries } = await app.engine.call('delivery.list', { state: 'dead' }, { ...dana, roles: ['admin'] });
    expect(deliveries).toEqual([]);
  });

  it('I18: the token is in no log line, also when everything fails', async () => {
    const app = await opened(at);
    slack.mishaps('chat.postMessage', { is: 'status', status: 500 }, { is: 'error', error: 'invalid_auth' });
    await toTheDemo(app);
    await eventually(
      async () => JSON.stringify(lines),
      (all) => /destination_gone|gone/.test(all),
      WITHIN_MS,
    );
    expect(JSON.stringify(lines)).not.toContain(BOT_TOKEN);
    expect(JSON.stringify(lines)).not.toContain('xoxb-');
  });
});

describe('two replicas', () => {
  it('I4: a click that is sent to both makes one decision and one edited card, whoever posts it', async () => {
    at = await freshDatabase();
    const [one, other] = [await opened(at), await opened(at)];
    const { approval_id, digest } = await toTheDemo(one);
    await theCard();
    await one.engine.call(
      'person.map',
      { team_id: TEAM, user_id: 'U0ANN', name: 'ann', roles: ['approver'] },
      { ...dana, roles: ['admin'] },
    );
    const body = click({
      action_id: 'approve',
      value: JSON.stringify({ approval_id, digest }),
      user: 'U0ANN',
      responseUrl: slack.responseUrl('both'),
    });
    const stamp = one.now_s();
    const { asForm } = await import('#examples/slack/requests.ts');
    const answers = await Promise.all([one, other, one].map((app) => app.send(asForm(body, stamp))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 401]);
    await theCard(isDecided);
    const { events } = await one.engine.call('journey.history', { client_id: 'acme' });
    expect(events.filter(({ type }: Output) => type === 'approval_decided')).toHaveLength(1);
    expect(cards()).toHaveLength(1);
    expect(cards()[0]).toMatchObject({ edits: 1 });
    const yes = slack.said.filter(({ url, text }) => url === '/respond/both' && /You have approved/.test(String(text)));
    expect(yes).toHaveLength(1);
  });
});
