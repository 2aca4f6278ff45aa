import type { Clock } from '#application/ports.ts';
import type { SlackMessage, SlackStore } from '#application/slack-store.ts';
import type { Json } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { Message } from './views/blocks.ts';
import { refusalCode, type WebClient } from './web-api.ts';

/** Something to stand in Slack, once. */
export type Post = {
  readonly clientId: string;
  /** Ours: by it what has been posted is recognised. */
  readonly key: string;
  readonly channel: string;
  /** The head of the thread that it belongs into. */
  readonly thread?: string;
  /** Also shown in the channel itself, not in the thread alone. */
  readonly broadcast?: boolean;
  readonly message: Message;
  /** What it is drawn from, for later edits. */
  readonly shown: Json;
};

export type Posting = {
  /** Posts it unless it stands there already. `mayStand`: an earlier attempt may have got through unheard: look first. */
  readonly once: (post: Post, mayStand: boolean) => Promise<SlackMessage>;
  /** Draws what stands there anew. What somebody has deleted stays deleted. */
  readonly edit: (clientId: string, standing: SlackMessage, message: Message, shown: Json) => Promise<void>;
};

const EVENT = 'journey_message';
/** Slack takes about one message a second in a channel. */
const PAUSE_MS = SECOND;
/** How far back it is looked for something that may have got through: the newest of the thread or the channel. */
const PAGES = 3;
const PAGE = 100;

export function posting(client: WebClient, store: SlackStore, clock: Clock): Posting {
  const turn = turns(clock);

  async function find({ clientId, key, channel, thread }: Post): Promise<string | undefined> {
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const query = { channel, limit: PAGE, include_all_metadata: true, ...(cursor === undefined ? {} : { cursor }) };
      // One page after the other: the next one's cursor is in the one before.
      // oxlint-disable-next-line no-await-in-loop
      const found = await (thread === undefined
        ? client.conversations.history(query)
        : client.conversations.replies({ ...query, ts: thread }));
      const ours = (found.messages ?? []).find(({ metadata }) => {
        const payload = metadata?.event_payload as Readonly<Record<string, unknown>> | undefined;
        return metadata?.event_type === EVENT && payload?.['client_id'] === clientId && payload['key'] === key;
      });
      if (ours?.ts !== undefined) return ours.ts;
      cursor = found.response_metadata?.next_cursor;
      if (cursor === undefined || cursor === '') return undefined;
    }
    return undefined;
  }

  async function send(post: Post): Promise<string> {
    const { clientId, key, channel, thread, broadcast, message } = post;
    await turn(channel);
    const posted = await client.chat.postMessage({
      channel,
      ...message,
      ...(thread === undefined
        ? {}
        : broadcast === true
          ? { thread_ts: thread, reply_broadcast: true }
          : { thread_ts: thread }),
      metadata: { event_type: EVENT, event_payload: { client_id: clientId, key } },
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is Slack's method, not the browser's.
    });
    if (posted.ts === undefined) throw new Error('Slack did not say where the message stands.');
    return posted.ts;
  }

  return {
    once: async (post, mayStand) => {
      const { clientId, key, channel, shown } = post;
      const standing = await store.message(clientId, key);
      if (standing) return standing;
      const ts = (mayStand ? await find(post) : undefined) ?? (await send(post));
      const kept = { key, channel, ts, shown };
      await store.keep(clientId, kept, clock.journey());
      return kept;
    },
    edit: async (clientId, standing, message, shown) => {
      const { channel, ts } = standing;
      try {
        await client.chat.update({ channel, ts, ...message, parse: 'none', link_names: false });
      } catch (error) {
        if (!unchangeable.has(refusalCode(error) ?? '')) throw error;
      }
      await store.keep(clientId, { ...standing, shown }, clock.journey());
    },
  };
}

const unchangeable: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

/** Lets one after the other pass, a channel, with a pause between. */
function turns(clock: Clock): (channel: string) => Promise<void> {
  const free = new Map<string, number>();
  return async (channel) => {
    const now = clock.machine();
    const at = Math.max(now, free.get(channel) ?? now);
    for (const [other, until] of free) if (until < now) free.delete(other);
    free.set(channel, at + PAUSE_MS);
    if (at > now) await clock.sleep(at - now);
  };
}
