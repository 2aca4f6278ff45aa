import type { OutboundMessage } from '../relay/destination.ts';
import type { Notice } from './notice.ts';
import { atTheTerminal, sentenceOf } from './sentences.ts';
import { when } from './words.ts';

/** A mail without its envelope. The subject is one line; the rest is what was said, and nothing in it is markup. */
export type Mail = { readonly subject: string; readonly text: string; readonly html: string };

export type MailOptions = {
  /** Where a journey can be looked at; null: nowhere that others can reach. */
  readonly linkTo: (clientId: string) => string | null;
};

const LONGEST_SUBJECT = 120;
const LONGEST_SENTENCE = 600;

export function mailOf({ items }: Pick<Notice, 'items'>, { linkTo }: MailOptions): Mail {
  const [first, ...others] = items;
  const lines = items.map((item) => ({ item, sentence: cut(oneLine(sentenceIn(item)), LONGEST_SENTENCE) }));
  const subject =
    others.length === 0
      ? `${first.clientId}: ${oneLine(sentenceIn(first))}`
      : `${items.length} notices about ${aboutWhom(items)}`;
  return {
    subject: cut(oneLine(subject), LONGEST_SUBJECT),
    text: `${lines.map(({ item, sentence }) => `${item.clientId} · ${when(item.timestamp)}\n${sentence}${after(linkTo(item.clientId))}`).join('\n\n')}\n`,
    html: `<ul>${lines.map(({ item, sentence }) => htmlOf(item, sentence, linkTo(item.clientId))).join('')}</ul>`,
  };
}

export const sentenceIn = ({ type, data }: OutboundMessage): string => sentenceOf(type, data, atTheTerminal);

const after = (link: string | null): string => (link === null ? '' : `\n${link}`);

function aboutWhom(items: readonly OutboundMessage[]): string {
  const clients = [...new Set(items.map(({ clientId }) => clientId))];
  return clients.length === 1 ? (clients[0] ?? '') : `${clients.length} clients`;
}

function htmlOf({ clientId, timestamp }: OutboundMessage, sentence: string, link: string | null): string {
  const name = `<b>${escaped(clientId)}</b>`;
  const linked = link === null ? name : `<a href="${escaped(link)}">${name}</a>`;
  return `<li>${linked} · ${escaped(when(timestamp))}<br>${escaped(sentence)}</li>`;
}

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/**
 * Text of others on one line: no line breaks, which end headers, no other control characters, and nothing that turns the
 * direction of what follows.
 */
export const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replaceAll(/[\u202A-\u202E\u2066-\u2069\u200E\u200F]/g, '')
    .trim();

function cut(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
