import { transitionMessages } from '#core/journey/messages.ts';
import type { Clock } from '#application/ports.ts';
import type { Destination, OutboundMessage } from '#application/relay/destination.ts';
import type { GuardedPost } from './guarded-post.ts';
import { signedPost } from './signed-post.ts';
import { signingKeyOf } from './standard-webhook.ts';

export type CrmWebhookOptions = {
  readonly url: string;
  /** The first signs X-Hub-Signature-256 where that is asked for; all of them sign webhook-signature. */
  readonly secrets: readonly string[];
  readonly hubSignature: boolean;
  readonly post: GuardedPost;
  readonly clock: Pick<Clock, 'machine'>;
};

/** Every transition of every journey as a signed webhook. */
export function crmWebhook({ url, secrets, hubSignature: alsoHub, post, clock }: CrmWebhookOptions): Destination {
  const keys = secrets.map(signingKeyOf);
  const send = signedPost({ url: new URL(url), contentType: 'application/json', keys, alsoHub, post, clock });
  return {
    name: 'crm',
    wants: transitionMessages,
    deliver: (message, signal) => {
      const { id, traceparent } = message;
      return send({ id, body: bodyOf(message), ...(traceparent === undefined ? {} : { traceparent }) }, signal);
    },
  };
}

const bodyOf = ({ id, type, timestamp, data }: OutboundMessage): string =>
  JSON.stringify({ id, type, timestamp, data });
