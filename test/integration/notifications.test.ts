import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { messageTypes } from '#core/journey/messages.ts';
import type { Route } from '#core/notices/route.ts';
import { HOUR } from '#core/time.ts';
import { notificationProbes } from '#src/composition/notifications.ts';
import type { Settings } from '#settings/settings.ts';
import { loopback, openPilot } from '#test/support/engine/fixtures.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { mailServer, type Arrived, type TestMailServer } from '#test/support/outbound/mail-server.ts';
import { answering, receiver, type Receiver } from '#test/support/outbound/receiver.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { loggerInto, type Line } from '../doors/http/fakes.ts';

const route: Route = {
  id: 'ops',
  kinds: messageTypes,
  stages: null,
  clients: null,
  email: ['ops@example.com'],
  journeyContacts: true,
  slack: [],
  urgent: ['journey.rolled_back'],
  quietHours: null,
  digest: { most: 100, window_ms: HOUR },
  isFallback: false,
};
const WITHIN_MS = 90_000;

const says = (text: string) => (arrived: readonly Arrived[]) => arrived.some((one) => one.text.includes(text));

const look = async (notifications: Settings['notifications'], name: string) => {
  const settings = { notifications, outbound: loopback } as Settings;
  const probe = notificationProbes(settings, { machine: Date.now }).find((one) => one.name === name);
  return probe?.look(new AbortController().signal);
};

describe('notices in the whole product', { timeout: 180_000 }, () => {
  let there: TestMailServer;
  let http: Receiver;
  let engine: Engine;
  const lines: Line[] = [];

  beforeEach(async () => {
    there = await mailServer({ startTls: false, login: false });
    http = await receiver();
    lines.length = 0;
  });
  afterEach(async () => {
    await engine.stop();
    await there[Symbol.asyncDispose]();
    await http[Symbol.asyncDispose]();
  });

  const byMail = (): Settings['notifications'] => ({
    mode: 'direct',
    email: true,
    slack: false,
    service: null,
    smtp: { url: `smtp://127.0.0.1:${there.port}`, tls: 'optional', from: 'journeys@example.com' },
    routes: [route],
  });
  async function open(notifications: Settings['notifications'], more: Partial<Settings> = {}): Promise<void> {
    const functions = scriptedAgents().functions;
    const settings = { document: openPilot, outbound: loopback, notifications, ...more };
    engine = await engineOn({
      database: (await freshEmbedded()).database,
      functions,
      settings,
      logger: loggerInto(lines),
    });
  }
  const subjectsTo = (address: string): readonly string[] =>
    there.arrived.filter(({ to }) => to.includes(address)).map(({ headers }) => headers.get('subject') ?? '');
  const arrivedUntil = (looksSo: (arrived: readonly Arrived[]) => boolean) =>
    eventually(() => Promise.resolve(there.arrived), looksSo, WITHIN_MS);
  const deliveries = async (destination: string): Promise<readonly Output[]> =>
    (await engine.call('delivery.list', { destination, limit: 200 })).deliveries;

  test('S42: those of a route and the contacts that the journey names are told by mail, each in a mail of their own', async () => {
    await open(byMail(), { http: { host: '127.0.0.1', port: 0, publicUrl: 'https://journeys.example.com' } });
    await engine.call('journey.start', { ...startInput('acme'), metadata: { contacts: ['ann@acme.example'] } });
    await engine.until('acme', ({ stage }) => stage === 'pilot', WITHIN_MS);
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'too <b>slow</b>' });
    await arrivedUntil(
      (arrived) => arrived.filter(({ text }) => text.includes('Subject: acme: Rolled back')).length >= 2,
    );
    const expected = [
      'acme: The journey has begun: it is in sandbox.',
      'acme: Promoted from sandbox to pilot.',
      'acme: Rolled back from pilot to sandbox: too <b>slow</b>',
    ];
    expect(subjectsTo('ops@example.com').slice(0, 3)).toEqual(expected);
    expect(subjectsTo('ann@acme.example').slice(0, 3)).toEqual(expected);
    expect(there.arrived.every(({ to }) => to.length === 1)).toBe(true);
    const rolledBack = there.arrived.find(({ text }) => text.includes('Rolled back'))?.text ?? '';
    expect(rolledBack).toContain('too &lt;b&gt;slow&lt;/b&gt;');
    expect(rolledBack).toContain('https://journeys.example.com/api/v1/journeys/acme');
  });

  test('S42: contacts that could not be written to are refused at the start', async () => {
    await open(byMail());
    const many = Array.from({ length: 21 }, (_, index) => `a${index}@acme.example`);
    for (const contacts of ['ann@acme.example', ['ann@acme.example\r\nBcc: v@example.com'], [7], many]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that a failure names the first.
      const refused = await engine.refused('journey.start', { ...startInput('acme'), metadata: { contacts } });
      expect(refused.code).toBe('input.invalid');
      expect(JSON.stringify(refused)).toContain('contacts must be a list of at most 20 mail addresses');
    }
  });

  test('I20: with a mail server that is not there a journey goes on as ever, and its messages wait', async () => {
    await there.down();
    await open(byMail());
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage }) => stage === 'pilot', WITHIN_MS);
    const rows = await eventually(
      () => deliveries('email.ops'),
      (found) => found.length >= 2 && found[0]?.problem !== null,
      WITHIN_MS,
    );
    expect(rows[0]).toMatchObject({ type: 'journey.started', problem: expect.stringContaining('ECONNREFUSED') });
    expect(rows.every(({ state }) => state === 'waiting' || state === 'unknown')).toBe(true);
    await there.back();
    await arrivedUntil(says('Promoted from sandbox to pilot'));
    expect(subjectsTo('ops@example.com').slice(0, 2)).toEqual([
      'acme: The journey has begun: it is in sandbox.',
      'acme: Promoted from sandbox to pilot.',
    ]);
  });

  test('S40: a dead letter to the CRM stands in the history, and people are told of it, once for each time that it died', async () => {
    http.reply(answering(413, {}, 'too much'));
    await open(byMail(), { crm: { url: http.url, secrets: ['a secret of this test'], hubSignature: false } });
    await engine.call('journey.start', startInput('acme'));
    await arrivedUntil(says('crm could not be told'));
    const { events } = await engine.call('journey.history', { client_id: 'acme', limit: 200 });
    const givenUp = () =>
      (events as readonly Output[]).filter(({ type }) => type === 'delivery_given_up').map(({ data }) => data);
    expect(givenUp()[0]).toMatchObject({
      delivery_id: 'dlv-acme:crm:2',
      destination: 'crm',
      message_type: 'journey.started',
      problem: 'It answered HTTP 413: too much',
    });
    const told = there.arrived.find(({ text }) => text.includes('crm could not be told'));
    expect(told?.text).toContain('journey-cli deliveries replay --delivery-id="dlv-acme:crm:');
    await engine.call('delivery.replay', { delivery_id: 'dlv-acme:crm:2' });
    const tellings = () => there.arrived.filter(({ text }) => text.includes('"dlv-acme:crm:2"')).length;
    await eventually(
      () => Promise.resolve(tellings()),
      (now) => now >= 2,
      WITHIN_MS,
    );
    const again = await engine.call('journey.history', { client_id: 'acme', limit: 200 });
    const deaths = (again.events as readonly Output[]).filter(
      ({ type, data }) => type === 'delivery_given_up' && data.delivery_id === 'dlv-acme:crm:2',
    );
    expect([tellings(), deaths.length]).toEqual([2, 2]);
  });

  test('dead letters of mails are listed, shown and sent again like any other, and tell nobody of themselves', async () => {
    there.behave({ recipient: () => '550 no such user' });
    await open({
      ...byMail(),
      routes: [{ ...route, journeyContacts: false, kinds: ['journey.started', 'delivery.dead'] }],
    });
    await engine.call('journey.start', startInput('acme'));
    const [dead] = await eventually(
      () => deliveries('email.ops'),
      (found) => found[0]?.state === 'dead',
      WITHIN_MS,
    );
    expect(dead).toMatchObject({
      delivery_id: 'dlv-acme:email.ops:2',
      problem: expect.stringContaining('550 no such user'),
    });
    there.behave({});
    await engine.call('delivery.replay', { delivery_id: 'dlv-acme:email.ops:2' });
    await eventually(
      () => engine.call('delivery.show', { delivery_id: 'dlv-acme:email.ops:2' }),
      ({ state }) => state === 'delivered',
      WITHIN_MS,
    );
    expect(await deliveries('email.ops'), 'no notice of a dead notice').toHaveLength(1);
    expect(subjectsTo('ops@example.com')).toEqual(['acme: The journey has begun: it is in sandbox.']);
  });

  test('S41: a notification service hears of everything as CloudEvents, with whom the routes name', async () => {
    const url = new URL(http.url).origin;
    const service = { url, secrets: ['a secret of this test'] };
    await open({
      mode: 'service',
      email: true,
      slack: true,
      service,
      smtp: null,
      routes: [{ ...route, slack: ['C012AB3CD'], kinds: ['journey.promoted', 'journey.rolled_back'] }],
    });
    await engine.call('journey.start', { ...startInput('acme'), metadata: { contacts: ['ann@acme.example'] } });
    await engine.until('acme', ({ stage }) => stage === 'pilot', WITHIN_MS);
    await engine.call('journey.roll_back', { client_id: 'acme', reason: 'too slow' });
    const found = await eventually(
      () => Promise.resolve(http.received),
      (received) => received.some(({ body }) => body.type === 'journey.rolled_back'),
      WITHIN_MS,
    );
    const of = (type: string) => found.find(({ body }) => body.type === type);
    const promoted = of('journey.promoted');
    expect(promoted?.path).toBe('/v1/notifications');
    expect(promoted?.headers['content-type']).toBe('application/cloudevents+json');
    expect(promoted?.headers).toMatchObject({
      'webhook-id': promoted?.body.id,
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(promoted?.body).toMatchObject({
      specversion: '1.0',
      source: '/journey-orchestrator',
      type: 'journey.promoted',
      subject: 'acme',
      datacontenttype: 'application/json',
      data: {
        client_id: 'acme',
        from: 'sandbox',
        to: 'pilot',
        text: 'Promoted from sandbox to pilot.',
        urgent: false,
        channels: ['email', 'slack'],
        recipients: { email: ['ops@example.com', 'ann@acme.example'], slack: ['C012AB3CD'] },
      },
    });
    expect(of('journey.rolled_back')?.body.data.urgent).toBe(true);
    expect(of('journey.started')?.body.data.recipients, 'no route takes it: the service decides').toEqual({
      email: [],
      slack: [],
    });
    expect(there.arrived).toEqual([]);
  });

  test('S43: a service that may not be called stops no start: it is told, and the journey goes on', async () => {
    const service = { url: 'http://notification-service.a-domain.svc.cluster.local', secrets: [] };
    await open(
      { mode: 'service', email: true, slack: true, service, smtp: null, routes: [] },
      { outbound: { allowedNetworks: [], ports: [443] } },
    );
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage }) => stage === 'pilot', WITHIN_MS);
    expect(lines.map(({ message }) => message)).toContain(
      'NOTIFICATION_SERVICE_URL may not be called: http is for JOURNEY_OUTBOUND_ALLOWED_NETWORKS only.',
    );
  });

  test('S41 S42: probes look at the mail server and the service without sending anything, and say what to do', async () => {
    await open({ ...byMail(), mode: 'off', email: false });
    const service = (secrets: readonly string[]): Settings['notifications'] => ({
      ...byMail(),
      mode: 'service',
      smtp: null,
      service: { url: new URL(http.url).origin, secrets },
    });
    expect(await look(byMail(), 'smtp')).toMatchObject([{ state: 'ok' }]);
    expect(await look(service([]), 'smtp')).toMatchObject([{ state: 'off' }]);
    expect(await look(byMail(), 'notification service')).toMatchObject([{ state: 'off' }]);
    await there.down();
    expect(await look(byMail(), 'smtp')).toMatchObject([
      { state: 'failed', hint: expect.stringContaining('SMTP_URL') },
    ]);
    expect(await look(service(['a secret of this test']), 'notification service')).toMatchObject([{ state: 'ok' }]);
    expect(await look(service([]), 'notification service')).toMatchObject([{ state: 'ok' }, { state: 'warning' }]);
    await http.down();
    expect(await look(service(['a secret of this test']), 'notification service')).toMatchObject([
      {
        state: 'failed',
        said: expect.stringContaining('ECONNREFUSED'),
        hint: expect.stringContaining('Nothing listens there'),
      },
    ]);
    expect(there.arrived).toEqual([]);
  });
});
