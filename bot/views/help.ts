import { header, message, note, section, type Message } from './blocks.ts';
import { wrapped } from './text.ts';

export type Topic = { readonly word: string; readonly summary: string; readonly example: string };

/** Slack takes 50 blocks: several topics share one. */
const TOPICS_A_BLOCK = 4;

export function help(command: string, topics: readonly Topic[]): Message {
  const texts = topics.map(({ word, summary, example }) =>
    [wrapped(word), wrapped(summary, '   '), wrapped(`${command} ${example}`, '   ')].join('\n'),
  );
  const groups = Array.from({ length: Math.ceil(texts.length / TOPICS_A_BLOCK) }, (_, index) =>
    texts.slice(index * TOPICS_A_BLOCK, (index + 1) * TOPICS_A_BLOCK).join('\n'),
  );
  return message(`What ${command} takes: ${topics.map(({ word }) => word).join(', ')}.`, [
    header(`What ${command} takes`),
    ...groups.map((group) => section(group)),
    note('What is missing is asked for. Other fields: name=value, with quotes where the value has blanks.'),
  ]);
}
