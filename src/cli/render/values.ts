import type { Paper } from './paper.ts';
import { pairs, table } from './table.ts';

/** Any JSON value in one line: `precision=0.86, k=5`. */
export function inLine(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (Array.isArray(value)) return value.every(isSimple) ? value.map(inLine).join(', ') : JSON.stringify(value);
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, item]) => `${key}=${isSimple(item) ? inLine(item) : JSON.stringify(item)}`)
      .join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isSimple = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** `2026-02-01T09:00:00.000Z` without what nobody reads. */
export const time = (iso: string | null): string =>
  iso === null ? '-' : iso.replace('T', ' ').replace(/(:\d\d)\.\d+Z$/, '$1Z');

/** `2 d 3 h`: the two largest units of a span of seconds. */
export function span(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return '0 s';
  let left = Math.floor(seconds);
  return units
    .slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count > 0 ? [`${count} ${unit}`] : [];
    })
    .join(' ');
}

/** Shows an answer that has no presenter of its own: its values as a list, its lists of objects as tables. */
export function anyLines(paper: Paper, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [inLine(value)];
  if (Array.isArray(value)) return listLines(paper, value);
  const entries = Object.entries(value);
  const lists = entries.filter(([, item]) => isTable(item));
  const others = entries.filter(([, item]) => !isTable(item));
  return [
    ...pairs(
      paper,
      others.map(([key, item]) => [titleOf(key), cellOf(item)] as const),
    ),
    ...lists.flatMap(([key, item]) => [
      ...(entries.length > 1 ? ['', paper.paint('bold', titleOf(key))] : []),
      ...listLines(paper, item as readonly unknown[]),
    ]),
  ];
}

const isTable = (value: unknown): boolean => Array.isArray(value) && value.some((item) => !isSimple(item));

function listLines(paper: Paper, list: readonly unknown[]): readonly string[] {
  if (!isTable(list)) return list.length === 0 ? ['None.'] : list.map(inLine);
  const rows = list.map((item) => (isSimple(item) ? { value: item } : (item as Readonly<Record<string, unknown>>)));
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    paper,
    keys.map(titleOf),
    rows.map((row) => keys.map((key) => cellOf(row[key]))),
  );
}

const titleOf = (key: string): string => {
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const cellOf = (value: unknown): string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? time(value) : inLine(value);
