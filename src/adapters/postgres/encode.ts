import type { Instant } from '#core/time.ts';

/**
 * Columns travel as one text each, their values joined by the unit separator and split again by string_to_array: that
 * spares pg's quoting of arrays here and its unquoting there (Node CPU a journey 0.23 -> 0.15 ms when it was measured).
 * JSON text cannot hold the separators, since JSON escapes control characters; other text is checked.
 */
const SEPARATOR = '\u001f';
const NULL = '\u001e';

export type Cell = string | number | boolean | null;
export type ColumnType = 'text' | 'id' | 'json' | 'plain_json' | 'int' | 'bool' | 'time' | 'list';

export function encodeColumn(rows: readonly (readonly Cell[])[], index: number, type: ColumnType): string {
  if (type === 'int' || type === 'bool') return `{${rows.map((row) => row[index] ?? 'null').join(',')}}`;
  let encoded = '';
  for (let number = 0; number < rows.length; number++) {
    const cell = rows[number]?.[index] ?? null;
    encoded += (number === 0 ? '' : SEPARATOR) + (cell === null || cell === '' ? NULL : encodeCell(cell, type));
  }
  return encoded;
}

function encodeCell(cell: Exclude<Cell, null>, type: ColumnType): string {
  if (type === 'time') return isoOf(cell as Instant);
  const text = String(cell);
  // oxlint-disable-next-line no-control-regex -- these are the very characters that must not pass.
  if (type === 'text' && /[\u0000\u001e\u001f]/.test(text))
    throw new Error(`Text with control characters cannot be stored: ${JSON.stringify(text)}`);
  // A jsonb column refuses these by itself; a json column would take them and fail whoever reads a field of it.
  if (type === 'plain_json' && text.includes('\\u') && UNREADABLE.test(text))
    throw new Error('JSON with a NUL character or half of a surrogate pair cannot be stored.');
  return text;
}

/** An escape that JSON.stringify writes only for a NUL or a lone surrogate, and that is not itself escaped. */
const UNREADABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

let last = { instant: NaN, iso: '' };
/** Most instants of a flush are the same one. */
export function isoOf(instant: Instant): string {
  if (last.instant !== instant) last = { instant, iso: new Date(instant).toISOString() };
  return last.iso;
}

/** How a column comes back to rows: an element of unnest(...). */
export function decodeColumn(parameter: number, type: ColumnType): string {
  switch (type) {
    case 'int':
      return `$${parameter}::int[]`;
    case 'bool':
      return `$${parameter}::bool[]`;
    case 'text':
    case 'id':
    case 'list':
      return split(parameter);
    case 'plain_json':
      return `${split(parameter)}::json[]`;
    case 'json':
      return `${split(parameter)}::jsonb[]`;
    case 'time':
      return `${split(parameter)}::timestamptz[]`;
  }
}

const split = (parameter: number): string => `string_to_array($${parameter}::text, chr(31), chr(30))`;
