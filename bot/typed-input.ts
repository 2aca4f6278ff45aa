import type { Field } from '#application/input-fields.ts';
import { pairValue, splitList } from '#application/typed-values.ts';
import { mentioned, unescaped, wordsOf } from './words.ts';

export type Fields = { readonly [field: string]: unknown };

/** What somebody typed after a word, as input: in order, by name, the rest of the line into the last field. */
export function typedInput(typed: readonly string[], fields: readonly Field[], line: string): Fields {
  const input: Record<string, unknown> = {};
  const byName = new Map(fields.flatMap((field) => [field.name, field.flag].map((name) => [name, field] as const)));
  const open = typed.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const last = open.at(-1);
  let at = 0;
  for (const word of wordsOf(line)) {
    const named = /^(?:--)?([a-z][a-z0-9_-]*)=([^]*)$/.exec(word);
    const field = named ? byName.get(named[1] ?? '') : undefined;
    if (field) put(input, field, named?.[2] ?? '');
    else if (named && last?.shape === 'pairs') put(input, last, word);
    else {
      const next = open[at];
      if (!next) continue;
      const isRest = next === last && (next.shape === 'text' || next.shape === 'list');
      // The rest of the line: a reason has blanks, and a list may be typed with them.
      if (isRest && input[next.name] !== undefined) put(input, next, word, true);
      else put(input, next, word);
      if (next !== last) at += 1;
    }
  }
  return input;
}

function put(input: Record<string, unknown>, field: Field, text: string, more = false): void {
  const value = valueOf(field, text);
  const before = input[field.name];
  if (field.shape === 'pairs') input[field.name] = { ...(before as Fields | undefined), ...(value as Fields) };
  else if (more && field.shape === 'list')
    input[field.name] = [...(before as readonly unknown[]), ...(value as readonly unknown[])];
  else input[field.name] = more ? `${String(before)} ${String(value)}` : value;
}

/** A value as a person types it, into a form or a line. What does not fit is left as it is: execute says what is wrong. */
export function valueOf(field: Field, raw: string): unknown {
  const text = mentioned(raw) ?? unescaped(raw);
  switch (field.shape) {
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === 'yes';
    case 'list':
      return splitList(text);
    case 'pairs':
      return Object.fromEntries(
        text
          .split('\n')
          .map((pair) => pair.trim())
          .filter((pair) => pair !== '')
          .map((pair) => {
            const [name = '', ...rest] = pair.split('=');
            return [name.trim(), pairValue(rest.join('=').trim())];
          }),
      );
    case 'json':
      return pairValue(text);
    case 'text':
      return text;
  }
}

export const missing = (fields: readonly Field[], input: Fields): readonly Field[] =>
  fields.filter(({ name, required }) => required && (input[name] === undefined || input[name] === ''));
