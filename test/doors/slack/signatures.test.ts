import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { asForm, asJson, click, command, event, signed } from '#examples/slack/requests.ts';
import { slackApp, type SlackApp } from '#test/support/slack/slack-app.ts';
import { startSlackDouble, type SlackDouble } from '#examples/slack/slack-double.ts';

let at: FreshDatabase;
let slack: SlackDouble;
let app: SlackApp;

beforeAll(async () => {
  at = await freshEmbedded();
  slack = await startSlackDouble();
  app = await slackApp({
    database: at.database,
    slack,
    slackSettings: { signingSecrets: ['new-secret-12345', 'old-secret-12345'] },
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await slack.close();
});

const help = (): string => command('help', 'U1', slack.responseUrl('signatures'));
const statusOf = async (response: Promise<Response>): Promise<number> => (await response).status;

describe('what comes to /slack/events', () => {
  it('is taken under the present secret, and under the old one while secrets are rotated', async () => {
    expect(await statusOf(app.send(asForm(help(), app.now_s(), 'new-secret-12345')))).toBe(200);
    expect(await statusOf(app.send(asForm(help(), app.now_s(), 'old-secret-12345')))).toBe(200);
  });

  it('is refused when it is signed with something else, not at all, or in another way', async () => {
    const { headers, body } = asForm(help(), app.now_s(), 'new-secret-12345');
    const { 'x-slack-signature': _signature, ...unsigned } = headers;
    for (const wrong of [
      asForm(help(), app.now_s(), 'somebody elses'),
      { body, headers: unsigned },
      { body: `${body}&text=start`, headers },
      { body, headers: { ...headers, 'x-slack-signature': 'v1=abc' } },
      { body, headers: { ...headers, 'x-slack-signature': 'v0=' } },
      { body, headers: { ...headers, 'x-slack-request-timestamp': 'now' } },
    ])
      expect(await statusOf(app.send(wrong))).toBe(401);
  });

  it('is refused when its time is more than five minutes past, or as far ahead', async () => {
    for (const off_s of [-301, 301, -86_400, 86_400])
      expect(await statusOf(app.send(asForm(help(), app.now_s() + off_s, 'new-secret-12345')))).toBe(401);
    for (const off_s of [-290, 290])
      expect(await statusOf(app.send(asForm(help(), app.now_s() + off_s, 'new-secret-12345')))).toBe(200);
  });

  it('is refused when it comes a second time, but for the repetition that Slack itself announces', async () => {
    const first = asForm(help(), app.now_s(), 'new-secret-12345');
    expect(await statusOf(app.send(first))).toBe(200);
    expect(await statusOf(app.send(first))).toBe(401);
    expect(await statusOf(app.send(first, { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' }))).toBe(
      200,
    );
  });

  it('is 404 where nobody listens to it, and 413 where it is too large or does not say how large', async () => {
    const sign = (body: string) => asJson(body, app.now_s());
    const resigned = (body: string) => asForm(body, app.now_s(), 'new-secret-12345');
    expect(await statusOf(app.send(resigned(help().replace('%2Fjourney', '%2Fother'))))).toBe(404);
    expect(await statusOf(fetch(`${app.url}/slack/elsewhere`, { method: 'POST', body: '' }))).toBe(404);
    expect(await statusOf(app.send(sign(`"${'x'.repeat(1_000_001)}"`)))).toBe(413);
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end(
      'POST /slack/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n',
    );
    expect(await text(socket)).toContain('413');
  });

  it('is 400 when it is signed and yet not readable', async () => {
    for (const body of ['payload=%7Bnot-json', 'payload=7', 'payload=%5B%5D'])
      expect(await statusOf(app.send(asForm(body, app.now_s(), 'new-secret-12345')))).toBe(400);
  });

  it('answers the challenge of a new address, and the look at the certificate, to Slack alone', async () => {
    const { body, headers } = asJson(JSON.stringify({ type: 'url_verification', challenge: 'c1' }), app.now_s());
    const challenge = await app.send(
      signed(body, 'application/json', { at_s: app.now_s(), secret: 'new-secret-12345' }),
    );
    expect(await challenge.json()).toEqual({ challenge: 'c1' });
    expect(await statusOf(app.send(asForm('ssl_check=1&token=x', app.now_s(), 'new-secret-12345')))).toBe(200);
    // Signed with a secret that is not ours, nobody learns that we are here.
    expect(await statusOf(app.send({ body, headers }))).toBe(401);
  });
});

describe('with the database down', () => {
  it('a click and a command are acknowledged at once, and told to try again; nothing claims to be approved', async () => {
    const own = await freshEmbedded();
    const down = await slackApp({ database: own.database, slack, keepDatabase: true });
    await own.drop();
    const value = JSON.stringify({ approval_id: 'apr-acme:1:1', digest: 'd' });
    expect(
      await statusOf(
        down.form(click({ action_id: 'approve', value, user: 'U0ADMIN', responseUrl: slack.responseUrl('down') })),
      ),
    ).toBe(200);
    expect(await statusOf(down.form(command('status acme', 'U0ADMIN', slack.responseUrl('down'))))).toBe(200);
    expect(
      await statusOf(down.json(event({ type: 'app_home_opened', user: 'U0ADMIN', tab: 'home', channel: 'D1' }))),
    ).toBe(200);
    await expect
      .poll(() => slack.said.filter(({ url }) => url === '/respond/down').length, { timeout: 120_000 })
      .toBe(2);
    for (const { text: words } of slack.said.filter(({ url }) => url === '/respond/down')) {
      expect(words).toMatch(/Nothing was done/);
      expect(words).not.toMatch(/approved/i);
    }
    await expect
      .poll(() => JSON.stringify(slack.homes.get('U0ADMIN') ?? null), { timeout: 120_000 })
      .toMatch(/Nothing was/);
    await down[Symbol.asyncDispose]();
  });
});
