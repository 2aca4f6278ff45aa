import type { ServiceParts } from '#application/notifications/notifier.ts';
import type { Clock } from '#application/ports.ts';
import type { GuardedPost } from './guarded-post.ts';
import { signedPost } from './signed-post.ts';
import { signingKeyOf } from './standard-webhook.ts';

export type NotificationServiceOptions = {
  /** Below it is /v1/notifications. */
  readonly url: string;
  /** All of them sign; without any the calls are not signed. */
  readonly secrets: readonly string[];
  /** By what the events say whose they are. */
  readonly source: string;
  readonly post: GuardedPost;
  readonly clock: Pick<Clock, 'machine'>;
};

/** A notice as a CloudEvent in JSON, to a service that tells people. */
export function notificationService(options: NotificationServiceOptions): ServiceParts['post'] {
  const { url, secrets, source, post, clock } = options;
  const keys = secrets.map(signingKeyOf);
  const target = notificationsUrl(url);
  const send = signedPost({ url: target, contentType: 'application/cloudevents+json', keys, post, clock });
  return ({ id, type, timestamp, clientId, data }, details, signal) => {
    const event = {
      specversion: '1.0',
      id,
      source,
      type,
      subject: clientId,
      time: timestamp,
      datacontenttype: 'application/json',
      data: { ...data, ...details },
    };
    return send({ id, body: JSON.stringify(event) }, signal);
  };
}

export function notificationsUrl(base: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/notifications`;
  return url;
}
