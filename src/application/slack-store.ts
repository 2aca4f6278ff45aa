import type { Instant } from '#core/time.ts';
import type { Json } from '#core/json.ts';

/** Something of a journey that stands in Slack, by a key of ours: a thread, a card, a notice. */
export type SlackMessage = {
  readonly key: string;
  readonly channel: string;
  /** Slack's id of a message, within its channel. */
  readonly ts: string;
  /** What it was drawn from, so that an edit keeps what is not about the change. */
  readonly shown: Json;
};

/** What the Slack door keeps: which requests it has acted on, and where in Slack things stand. */
export type SlackStore = {
  /** False when the request has been acted on already, by whichever replica. */
  readonly claim: (requestId: string, at: Instant) => Promise<boolean>;
  readonly message: (clientId: string, key: string) => Promise<SlackMessage | null>;
  readonly keep: (clientId: string, message: SlackMessage, at: Instant) => Promise<void>;
};
