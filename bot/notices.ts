import type { Channel, Notice } from '#application/notifications/notice.ts';
import { sentenceOf } from '#application/notifications/sentences.ts';
import { when } from '#application/notifications/words.ts';
import type { OutboundMessage } from '#application/relay/destination.ts';
import type { Posting } from './posting.ts';
import { message, note, paragraph, section, type Message } from './views/blocks.ts';
import { inSlack, notice } from './views/notices.ts';
import { cut } from './views/text.ts';
import { deliveryResultOf, type WebClient } from './web-api.ts';

/** Notices to the channels and people that routes name, each with what was gathered under it as one message. */
export const noticesInSlack = (client: WebClient, post: Posting): Channel => ({
  dependency: 'slack',
  send: async ({ recipients, ...of }) => {
    try {
      // One after the other: whoever has it already is passed by the next time.
      for (const recipient of recipients) {
        // oxlint-disable-next-line no-await-in-loop
        await post.once(await postOf(client, recipient, of), of.mayHaveArrived);
      }
      return { type: 'delivered' };
    } catch (error) {
      return deliveryResultOf(error);
    }
  },
});

async function postOf(client: WebClient, recipient: string, { destination, items }: Omit<Notice, 'recipients'>) {
  const [{ clientId, seq }] = items;
  return {
    clientId,
    key: `${destination}:${seq}:${recipient}`,
    channel: await channelOf(client, recipient),
    message: messageOf(items),
    shown: null,
  };
}

/** A person is written to in the conversation that the app has with them; opening it again finds the same. */
async function channelOf(client: WebClient, recipient: string): Promise<string> {
  if (!/^[UW]/.test(recipient)) return recipient;
  const { channel } = await client.conversations.open({ users: recipient });
  if (channel?.id === undefined) throw new Error(`Slack did not say where ${recipient} is written to.`);
  return channel.id;
}

const LINES = 40;
const LONGEST_LINE = 300;

function messageOf(items: Notice['items']): Message {
  const [first, ...others] = items;
  if (others.length === 0) {
    const { type, clientId: client_id, seq, timestamp, data } = first;
    return notice({ type, client_id, seq, at: Date.parse(timestamp), data });
  }
  const title = `${items.length} notices`;
  const left = items.length - LINES;
  return message(title, [
    section(title),
    ...items.slice(0, LINES).map((item) => paragraph(lineOf(item))),
    ...(left > 0 ? [note(`${left} more are not shown: journey-cli history has them.`)] : []),
  ]);
}

const lineOf = ({ type, clientId, timestamp, data }: OutboundMessage): string =>
  cut(`${clientId}, ${when(timestamp)}: ${sentenceOf(type, data, inSlack)}`, LONGEST_LINE);
