import type { Logger } from '#application/ports.ts';
import type { Message } from './views/blocks.ts';
import { refusal } from './views/answers.ts';
import { failureOf, type WebClient } from './web-api.ts';

/** How somebody is answered: to them alone, or to all who are where they asked. */
export type Conversation = {
  readonly privately: (message: Message) => Promise<void>;
  readonly openly: (message: Message) => Promise<void>;
};

/** What Slack hands in with a command, a click or a form. */
export type Respond = (message: {
  readonly text: string;
  readonly blocks: Message['blocks'];
  readonly response_type: 'ephemeral' | 'in_channel';
  /** A card that one person alone sees is replaced by what became of it. */
  readonly replace_original: boolean;
}) => Promise<unknown>;

/**
 * Answers by the response URL where Slack gave one, else as a direct message. An answer that does not get through is
 * logged, and that is all: what it tells of has been done or refused already.
 */
export function conversation(
  respond: Respond | undefined,
  userId: string,
  client: WebClient,
  logger: Logger,
  replaces = false,
): Conversation {
  const say =
    (response_type: 'ephemeral' | 'in_channel') =>
    async ({ text, blocks }: Message): Promise<void> => {
      try {
        if (respond) await respond({ text, blocks, response_type, replace_original: replaces });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is Slack's method, not the browser's.
        else await client.chat.postMessage({ channel: userId, text, blocks, unfurl_links: false, unfurl_media: false });
      } catch (error) {
        logger.warn('An answer did not get through to Slack.', { problem: failureOf(error).problem });
      }
    };
  return { privately: say('ephemeral'), openly: say('in_channel') };
}

export const again = (): Message =>
  refusal('Nothing was done: the orchestrator cannot reach its store just now.', 'Try again in a minute.');
