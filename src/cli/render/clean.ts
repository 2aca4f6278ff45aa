import { stripVTControlCharacters } from 'node:util';

// oxlint-disable-next-line no-control-regex -- control characters are what is taken out.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
/** Marks that turn the direction of text around or have no width: they make a line read as another one. */
const DECEIVING = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Text as it may stand on a line of a terminal: nothing in it is alive, and it is one line. */
export const cleanText = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(CONTROL, '')
    .replaceAll(DECEIVING, '');

/** The same for every text in an answer, keys included: presenters never meet anything else. */
export function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), clean(item)]));
}

/** JSON for a terminal or a pipe: the same value, with what JSON leaves alive written as an escape. */
export const jsonText = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    escaped,
  );

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
