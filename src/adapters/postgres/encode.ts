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

/** The columns of one part, each growing as one text. */
export type Columns = { rows: number; readonly texts: string[] };

export const noColumns = (count: number): Columns => ({ rows: 0, texts: Array.from({ length: count }, () => '') });

/** Adds a row; throws on a cell that the store could not take, before anything is sent. */
export function addRow(columns: Columns, types: readonly ColumnType[], cells: readonly Cell[]): void {
  for (let index = 0; index < types.length; index++) {
    const type = types[index] as ColumnType;
    const listed = type === 'int' || type === 'bool';
    const cell = cells[index] ?? null;
    const encoded = listed ? String(cell ?? 'null') : cell === null || cell === '' ? NULL : encodeCell(cell, type);
    columns.texts[index] = columns.rows === 0 ? encoded : columns.texts[index] + (listed ? ',' : SEPARATOR) + encoded;
  }
  columns.rows += 1;
}

/** The columns as parameters of the statement. */
export const parametersOf = ({ texts }: Columns, types: readonly ColumnType[]): string[] =>
  texts.map((text, index) => (types[index] === 'int' || types[index] === 'bool' ? `{${text}}` : text));

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
