import { createHmac } from 'node:crypto';
import { SECOND, type Instant } from '#core/time.ts';

/** What a webhook is signed with: `whsec_` and base64, or the text as it stands. Never shown. */
export type SigningKey = { readonly bytes: Buffer };

export const signingKeyOf = (secret: string): SigningKey => ({
  bytes: secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret),
});

export type Signed = { readonly id: string; readonly body: string; readonly at: Instant };

/** The headers of Standard Webhooks 1.0: one signature a key, so that a receiver may hold the old or the new one. */
export function webhookHeaders({ id, body, at }: Signed, keys: readonly SigningKey[]): { [name: string]: string } {
  const timestamp = String(Math.floor(at / SECOND));
  const signatures = keys.map(({ bytes }) => {
    const mac = createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64');
    return `v1,${mac}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** As GitHub and many others sign, over the body alone: for receivers that know nothing else. */
export const hubSignature = (body: string, { bytes }: SigningKey): string =>
  `sha256=${createHmac('sha256', bytes).update(body).digest('hex')}`;
