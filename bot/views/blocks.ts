import type { types } from '@slack/bolt';
import { cut, escaped, wrapped } from './text.ts';

export type Block = types.KnownBlock;
export type Message = { readonly text: string; readonly blocks: Block[] };

const MOST_BLOCKS = 50;

/** No emoji names, no markup: whatever a client calls itself stays text. */
export const plain = (text: string): types.PlainTextElement => ({ type: 'plain_text', text, emoji: false });

export const header = (text: string): Block =>
  ({ type: 'header', text: plain(cut(text, 40)) }) satisfies types.HeaderBlock;

export const section = (...paragraphs: readonly string[]): Block =>
  ({ type: 'section', text: plain(cut(paragraphs.join('\n') || '–', 3_000)) }) satisfies types.SectionBlock;

export const paragraph = (text: string): Block => section(wrapped(text));

export const note = (text: string): Block =>
  ({ type: 'context', elements: [plain(cut(wrapped(text), 2_000))] }) satisfies types.ContextBlock;

export const divider: Block = { type: 'divider' };

export type Press = {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
};

export const button = ({ id, label, value, style }: Press): types.Button => ({
  type: 'button',
  action_id: id,
  text: plain(cut(label, 75)),
  value,
  ...(style === undefined ? {} : { style }),
});

export const linkButton = (id: string, label: string, url: string): types.Button => ({
  type: 'button',
  action_id: id,
  text: plain(cut(label, 75)),
  url,
});

export const actions = (...elements: types.Button[]): Block =>
  ({ type: 'actions', elements }) satisfies types.ActionsBlock;

/** `text` is what notifications and screen readers use, and Slack reads it as markup: escaped, and never empty. */
export const message = (text: string, blocks: readonly Block[]): Message => ({
  text: cut(escaped(text), 1_000),
  blocks:
    blocks.length <= MOST_BLOCKS
      ? [...blocks]
      : [...blocks.slice(0, MOST_BLOCKS - 1), note('There is more than fits here.')],
});
