import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook, WebhookVerificationError } from 'svix';
import { describe, expect, test } from 'vitest';
import type { OutboundMessage } from '#application/relay/destination.ts';
import { addressGuard } from '#adapters/outbound/address-guard.ts';
import { crmWebhook } from '#adapters/outbound/crm-webhook.ts';
import { retryAfter_ms } from '#adapters/outbound/signed-post.ts';
import { guardedPost } from '#adapters/outbound/guarded-post.ts';
import { answering, receiver, type Received, type Receiver } from '#test/support/outbound/receiver.ts';

const OLD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NEW = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const RAW = 'a raw text of the old school';
const post = guardedPost(addressGuard({ allowedNetworks: ['127.0.0.0/8'], ports: [443] }));

const message: OutboundMessage = {
  id: 'dlv-client.1:crm:3',
  clientId: 'client.1',
  seq: 3,
  type: 'journey.promoted',
  timestamp: '2026-02-01T09:00:00.000Z',
  data: { client_id: 'client.1', seq: 3, from: 'sandbox', to: 'pilot', reason: 'Grüße' },
  attempt: 1,
  mayHaveArrived: false,
  held: false,
  reached: [],
};

const webhookTo = (url: string, secrets: readonly string[] = [OLD], hubSignature = false) =>
  crmWebhook({ url, secrets, hubSignature, post, clock: { machine: Date.now } });
const deliver = (crm: Receiver, secrets?: readonly string[], hub?: boolean, signal = new AbortController().signal) =>
  webhookTo(crm.url, secrets, hub).deliver(message, signal);

/** The headers as a receiver's verifier takes them. */
const headersOf = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
/** It throws on whatever it does not take. */
function verifies(secret: string, one: Received, format?: 'raw'): boolean {
  try {
    new Webhook(secret, format ? { format } : {}).verify(one.raw, headersOf(one));
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

describe('the CRM webhook', () => {
  test('S38 S40: is a signed POST with id, type, timestamp and data, which an independent verifier takes', async () => {
    await using crm = await receiver();
    expect(await deliver(crm)).toEqual({ type: 'delivered' });
    const [one] = crm.received as [Received];
    const { id, type, timestamp, data } = message;
    expect(one.body).toEqual({ id, type, timestamp, data });
    expect(one.path).toBe('/webhooks/journey');
    expect(one.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': id });
    expect(verifies(OLD, one)).toBe(true);
    expect(verifies(NEW, one), 'another secret').toBe(false);
    expect(verifies(OLD, { ...one, raw: one.raw.replace('pilot', 'production') }), 'a changed body').toBe(false);
    expect(verifies(OLD, { ...one, headers: { ...one.headers, 'webhook-id': 'other' } }), 'another id').toBe(false);
  });

  test('S40: while a secret is being replaced a receiver with either the old or the new one can verify', async () => {
    await using crm = await receiver();
    await deliver(crm, [NEW, OLD]);
    const [one] = crm.received as [Received];
    expect(String(one.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(verifies(NEW, one)).toBe(true);
    expect(verifies(OLD, one)).toBe(true);
  });

  test('S40: a secret that is plain text signs as it stands', async () => {
    await using crm = await receiver();
    await deliver(crm, [RAW]);
    const [one] = crm.received as [Received];
    expect(verifies(RAW, one, 'raw')).toBe(true);
    expect(verifies(`${RAW}!`, one, 'raw')).toBe(false);
  });

  test('S40: X-Hub-Signature-256 comes only where it is asked for, over the body alone', async () => {
    await using crm = await receiver();
    await deliver(crm, [RAW]);
    await deliver(crm, [RAW], true);
    const [without, withIt] = crm.received as [Received, Received];
    expect(without.headers['x-hub-signature-256']).toBeUndefined();
    expect(withIt.headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', RAW).update(withIt.raw).digest('hex')}`,
    );
  });

  test('S40: a repetition has the same id and body, and a signature of its own time', async () => {
    await using crm = await receiver();
    const webhook = webhookTo(crm.url);
    await webhook.deliver(message, new AbortController().signal);
    await webhook.deliver({ ...message, attempt: 2, mayHaveArrived: true }, new AbortController().signal);
    const [first, second] = crm.received as [Received, Received];
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.raw).toBe(first.raw);
    expect(verifies(OLD, second)).toBe(true);
  });

  test.each([
    [200, {}, 'ok', { type: 'delivered' }],
    [202, {}, '', { type: 'delivered' }],
    [
      500,
      {},
      'out\u001b[31m of\norder',
      { type: 'retry', mayHaveArrived: true, problem: 'It answered HTTP 500: out [31m of order' },
    ],
    [400, {}, '', { type: 'retry', mayHaveArrived: true, problem: 'It answered HTTP 400.' }],
    [429, { 'retry-after': '120' }, '', { type: 'retry', after_ms: 120_000 }],
    [503, { 'retry-after': 'soon' }, '', { type: 'retry', problem: 'It answered HTTP 503.' }],
    [
      307,
      { location: 'http://169.254.169.254/' },
      '',
      { type: 'retry', problem: expect.stringContaining('redirects are not followed') as string },
    ],
    [410, {}, '', { type: 'gone' }],
    [413, {}, '', { type: 'refused' }],
  ])('S38: HTTP %s %j %s', async (status, headers, body, expected) => {
    await using crm = await receiver(answering(status, headers, body));
    expect(await deliver(crm)).toMatchObject(expected);
  });

  test('Retry-After is seconds or a date; anything else says nothing', () => {
    const now = Date.UTC(2026, 1, 1);
    expect(retryAfter_ms('7', now)).toBe(7_000);
    expect(retryAfter_ms('Sun, 01 Feb 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfter_ms('Sat, 31 Jan 2026 00:01:00 GMT', now)).toBe(0);
    expect(retryAfter_ms('-5', now) ?? 0).toBeGreaterThanOrEqual(0);
    expect(retryAfter_ms('soon', now)).toBeUndefined();
    expect(retryAfter_ms(undefined, now)).toBeUndefined();
  });

  test('S38: an endless answer is cut: a failure tells its beginning, a success needs no more than its status', async () => {
    let sent_bytes = 0;
    const endless =
      (status: number) => async (_: Received, response: Parameters<Parameters<Receiver['reply']>[0]>[1]) => {
        response.writeHead(status);
        while (!response.destroyed) {
          if (!response.write('x'.repeat(65_536)))
            await Promise.race([pause(5), new Promise((go) => response.once('close', go))]);
          sent_bytes += 65_536;
        }
      };
    await using crm = await receiver((received, response) => void endless(500)(received, response));
    expect(await deliver(crm)).toEqual({
      type: 'retry',
      mayHaveArrived: true,
      problem: `It answered HTTP 500: ${'x'.repeat(200)}`,
    });
    crm.reply((received, response) => void endless(200)(received, response));
    expect(await deliver(crm)).toEqual({ type: 'delivered' });
    expect(sent_bytes).toBeLessThan(100_000_000);
  });

  test('S38: a receiver that dribbles its answer is cut off by the signal', async () => {
    await using crm = await receiver((_, response) => void response.writeHead(500).write('a'));
    const limit = new AbortController();
    const under = deliver(crm, undefined, undefined, limit.signal);
    while (crm.received.length === 0) await pause(2);
    limit.abort();
    expect(await under).toMatchObject({ type: 'retry', mayHaveArrived: true });
  });

  test('S38: a connection that is reset after the message was taken may have taken it', async () => {
    await using crm = await receiver((_, response) => void response.destroy());
    expect(await deliver(crm)).toMatchObject({ type: 'retry', mayHaveArrived: true });
    expect(crm.received).toHaveLength(1);
  });

  test('S38: where nobody listens, or no TLS comes about, nothing can have arrived', async () => {
    const closed = await receiver();
    await closed[Symbol.asyncDispose]();
    expect(await deliver(closed)).toMatchObject({
      type: 'retry',
      mayHaveArrived: false,
      problem: expect.stringContaining('ECONNREFUSED') as string,
    });
    await using crm = await receiver();
    const secure = webhookTo(`https://127.0.0.1:${crm.port}/`);
    expect(await secure.deliver(message, new AbortController().signal)).toMatchObject({ mayHaveArrived: false });
  });

  test('S38: an answer that is not HTTP is a failure', async () => {
    const server = createServer((socket) => void socket.on('error', () => undefined).end('hello\r\n\r\n'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const result = await webhookTo(`http://127.0.0.1:${port}/`).deliver(message, new AbortController().signal);
    server.close();
    expect(result).toMatchObject({ type: 'retry', mayHaveArrived: true });
  });

  test('S40: no problem that is told holds a secret', async () => {
    await using crm = await receiver(answering(500, {}, 'no'));
    expect(JSON.stringify(await deliver(crm, [RAW, OLD], true))).not.toMatch(/old school|MfKQ9r8GKY/);
  });
});
