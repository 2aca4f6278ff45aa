import { isObject } from '#core/json.ts';

export type Caps = {
  /** Characters of one text. */
  readonly text: number;
  /** Items of one list, and fields of one object. */
  readonly items: number;
};

export const conciseCaps: Caps = { text: 400, items: 1_000 };
export const detailedCaps: Caps = { text: 4_000, items: 1_000 };

const MOST_LEVELS = 20;

/**
 * What no reader sees but a model reads, or what steers a terminal: C0 and C1 controls but tab and newline, soft hyphens,
 * zero-width and direction marks, line separators, and the tag characters that spell hidden ASCII.
 */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- exactly these are to be found.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

export function cleanText(text: string, most: number): string {
  const seen = text.replace(INVISIBLE, '').toWellFormed();
  return seen.length <= most ? seen : `${seen.slice(0, most).toWellFormed()}… (${seen.length - most} more characters)`;
}

/** JSON for a model: texts without what nobody sees, and everything bounded. */
export function clean(value: unknown, caps: Caps, levels = MOST_LEVELS): unknown {
  if (typeof value === 'string') return cleanText(value, caps.text);
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return '… (deeper)';
  if (Array.isArray(value)) {
    const items = value.slice(0, caps.items).map((item) => clean(item, caps, levels - 1));
    return value.length > caps.items ? [...items, `… (${value.length - caps.items} more)`] : items;
  }
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value)
          .slice(0, caps.items)
          .map(([key, inner]) => [cleanText(key, 128), clean(inner, caps, levels - 1)]),
      )
    : value;
}
