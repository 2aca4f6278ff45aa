import type { JsonObject } from '#core/json.ts';
import { sentenceOf, type Reading } from '#application/notifications/sentences.ts';
import { when } from '#application/notifications/words.ts';
import { message, note, paragraph, type Message } from './blocks.ts';
import { whoIs } from './text.ts';

/** What the outbox tells of: what has become of a journey. */
export type Told = {
  readonly type: string;
  readonly client_id: string;
  readonly seq: number;
  /** Journey time. */
  readonly at: number;
  readonly data: JsonObject;
};

/** As people read it in Slack. */
export const inSlack: Reading = { who: whoIs, command: (verb, _, value) => `/journey ${verb} ${value}` };

/** The notice in the journey's thread. */
export function notice({ type, client_id, at, data }: Told): Message {
  const sentence = sentenceOf(type, data, inSlack);
  return message(`${client_id}: ${sentence}`, [paragraph(sentence), note(when(at))]);
}
