import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { smtpMail, type MailServer, type MailToSend, type SmtpOptions } from '#adapters/outbound/smtp-mail.ts';
import {
  MAIL_PASSWORD,
  MAIL_USER,
  mailServer,
  testAuthority,
  type TestMailServer,
} from '#test/support/outbound/mail-server.ts';

const mail: MailToSend = {
  id: 'dlv-acme:email.ops:7',
  subject: 'acme: Promoted from sandbox to pilot.',
  text: 'Promoted from sandbox to pilot.\n',
  html: '<ul><li>Promoted</li></ul>',
  recipients: ['ops@example.com', 'pm@example.com'],
  reached: [],
};
const urlWith = (password: string, port: number) =>
  `smtp://${MAIL_USER}:${encodeURIComponent(password)}@127.0.0.1:${port}`;

describe('mails over SMTP', { timeout: 60_000 }, () => {
  let there: TestMailServer;
  const open: MailServer[] = [];

  beforeEach(async () => {
    there = await mailServer();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) one.close();
    await there[Symbol.asyncDispose]();
  });

  function server(more: Partial<SmtpOptions> = {}): MailServer {
    const opened = smtpMail({
      url: urlWith(MAIL_PASSWORD, there.port),
      requireTls: true,
      from: 'journeys@example.com',
      connections: 2,
      ca: testAuthority,
      ...more,
    });
    open.push(opened);
    return opened;
  }
  const send = (
    more: Partial<MailToSend> = {},
    options?: Partial<SmtpOptions>,
    signal = new AbortController().signal,
  ) => server(options).send({ ...mail, ...more }, signal);

  test('S42: a mail goes out over STARTTLS after a login, to all of a route, and says that a machine wrote it', async () => {
    expect(await send()).toEqual({ type: 'delivered' });
    const [one] = there.arrived;
    expect(one).toMatchObject({ from: 'journeys@example.com', to: mail.recipients, encrypted: true, user: MAIL_USER });
    expect(one?.headers.get('subject')).toBe(mail.subject);
    expect(one?.headers.get('from')).toBe('journeys@example.com');
    expect(one?.headers.get('to')).toBe('ops@example.com, pm@example.com');
    expect(one?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(one?.headers.get('content-type')).toContain('multipart/alternative');
    expect(one?.headers.get('x-mailer')).toBeUndefined();
  });

  test('one connection serves many mails; the Message-ID is the delivery’s, the same at every attempt', async () => {
    const kept = server({ connections: 1 });
    const signal = new AbortController().signal;
    for (const id of ['dlv-a:email.ops:1', 'dlv-a:email.ops:2', 'dlv-a:email.ops:1'])
      expect(await kept.send({ ...mail, id }, signal)).toEqual({ type: 'delivered' });
    const ids = there.arrived.map(({ headers }) => headers.get('message-id'));
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    expect([ids[2] === ids[0], ids[1] === ids[0]]).toEqual([true, false]);
    expect(there.connections()).toBe(1);
  });

  test('whatever a client is called or says ends no header, adds none and names nobody else', async () => {
    const hostile = 'acme\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>';
    await send({ subject: hostile, text: `${hostile}\r\n.\r\nMAIL FROM:<a@b.example>`, html: 'x' });
    const [one, ...others] = there.arrived;
    expect(others).toEqual([]);
    expect(one?.to).toEqual(mail.recipients);
    expect(one?.headers.get('bcc')).toBeUndefined();
    expect([...(one?.headers.keys() ?? [])].filter((name) => name === 'subject')).toHaveLength(1);
  });

  test.each([
    ['550 no such user', { type: 'refused' }],
    ['450 greylisted, come back later', { type: 'retry', mayHaveArrived: false }],
  ])('all recipients answered with %s: the mail is %j', async (said, expected) => {
    there.behave({ recipient: () => said });
    expect(await send()).toMatchObject({ ...expected, problem: expect.stringContaining(said.slice(4)) });
  });

  test('one of two is refused for good: the other has it, and an attempt later goes to nobody twice', async () => {
    there.behave({ recipient: (address) => (address.startsWith('pm') ? '550 no such user' : undefined) });
    const result = await send();
    expect(result).toMatchObject({ type: 'refused', reached: ['ops@example.com'] });
    there.behave({});
    expect(await send({ reached: ['ops@example.com'] })).toEqual({ type: 'delivered' });
    expect(there.arrived.map(({ to }) => to)).toEqual([['ops@example.com'], ['pm@example.com']]);
  });

  test('one of two is to come later: the other has it, and only the first is written to again', async () => {
    there.behave({ recipient: (address) => (address.startsWith('ops') ? '451 busy' : undefined) });
    expect(await send()).toMatchObject({ type: 'retry', mayHaveArrived: false, reached: ['pm@example.com'] });
    expect(await send({ reached: mail.recipients })).toEqual({ type: 'delivered' });
    expect(there.arrived.map(({ to }) => to)).toEqual([['pm@example.com']]);
  });

  test.each([
    ['554 looks like spam', { type: 'refused' }],
    ['552 too large', { type: 'refused' }],
    ['451 try again', { type: 'retry', mayHaveArrived: false }],
  ])('a mail answered with %s is %j', async (said, expected) => {
    there.behave({ data: said });
    expect(await send()).toMatchObject({ ...expected, problem: expect.stringContaining(said) });
  });

  test('that we may not send from this address is mended by somebody: no mail is given up for it', async () => {
    there.behave({ sender: '550 not your address' });
    expect(await send()).toMatchObject({ type: 'retry', mayHaveArrived: false });
  });

  test('a connection that breaks off after the mail was sent leaves it open whether it arrived; it is not sent again by itself', async () => {
    there.behave({ data: 'drops and keeps' });
    expect(await send()).toMatchObject({ type: 'retry', mayHaveArrived: true });
    expect(there.arrived).toHaveLength(1);
  });

  test('one that says nothing is left when the time is over, and the mail may have arrived', async () => {
    there.behave({ data: 'is silent' });
    const limit = new AbortController();
    const sending = send({}, {}, limit.signal);
    await vi.waitFor(() => expect(there.heard()).toBe(1), 30_000);
    limit.abort();
    expect(await sending).toMatchObject({ type: 'retry', mayHaveArrived: true });
  });

  test('a wrong password is no fault of the mail, and stands in no problem', async () => {
    const result = await send({}, { url: urlWith('canary-wrong', there.port) });
    expect(result).toMatchObject({ type: 'retry', mayHaveArrived: false });
    expect(JSON.stringify(result)).not.toContain('canary');
    expect(
      await server({ url: urlWith('canary-wrong', there.port) }).logIn(new AbortController().signal),
    ).toMatchObject({
      problem: expect.stringContaining('Invalid username or password'),
    });
  });

  test('a server that is not there is named, and the mail surely did not arrive', async () => {
    await there.down();
    expect(await send()).toMatchObject({
      type: 'retry',
      mayHaveArrived: false,
      problem: expect.stringContaining(`127.0.0.1:${there.port}`),
    });
  });

  test('without TLS nothing goes out unless that is allowed, and a certificate of nobody that we know is refused', async () => {
    await using plain = await mailServer({ startTls: false, login: false });
    const url = `smtp://127.0.0.1:${plain.port}`;
    expect(await send({}, { url })).toMatchObject({ type: 'retry', mayHaveArrived: false });
    expect(plain.arrived).toEqual([]);
    expect(await send({}, { url, requireTls: false })).toEqual({ type: 'delivered' });
    const opened = smtpMail({
      url: urlWith(MAIL_PASSWORD, there.port),
      requireTls: true,
      from: 'a@b.example',
      connections: 1,
    });
    open.push(opened);
    expect(await opened.send(mail, new AbortController().signal)).toMatchObject({
      type: 'retry',
      mayHaveArrived: false,
    });
    expect(there.arrived).toEqual([]);
  });

  test('S42: a look logs in and sends nothing', async () => {
    expect(await server().logIn(new AbortController().signal)).toBeNull();
    expect(there.arrived).toEqual([]);
  });
});
