import type { Paper, Style } from './paper.ts';
import { padTo, widthOf, wrap } from './width.ts';

export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = '  ';
/** Below this a column of words is a column of single letters. */
const NARROWEST = 10;

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** Rows in columns that fit the paper; on paper too narrow for columns, each row as a list of its own. */
export function table(paper: Paper, titles: readonly string[], rows: readonly (readonly Cell[])[]): readonly string[] {
  const natural = titles.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[column] ?? '')))),
  );
  const widths = fit(natural, paper.width === null ? null : paper.width - GAP.length * (titles.length - 1));
  if (!widths) return rows.flatMap((row) => stacked(paper, titles, row));
  const head = titles.map((text) => ({ text, style: 'bold' as const }));
  return [head, ...rows].flatMap((row) => rowLines(paper, row, widths));
}

/** Takes from the widest columns until all fit; undefined where that would leave none readable. */
function fit(natural: readonly number[], room: number | null): readonly number[] | undefined {
  const widths = [...natural];
  if (room === null) return widths;
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= NARROWEST) return undefined;
    const runnerUp = Math.max(
      NARROWEST,
      ...widths.filter((_, column) => column !== widest && widths[column] !== width),
    );
    const less = Math.max(1, Math.min(over, width - Math.min(runnerUp, width - 1)));
    widths[widest] = Math.max(NARROWEST, width - less);
    over = widths.reduce((sum, one) => sum + one, 0) - room;
  }
  return widths;
}

function rowLines({ paint }: Paper, row: readonly Cell[], widths: readonly number[]): readonly string[] {
  const cells = widths.map((width, column) => wrap(textOf(row[column] ?? ''), width));
  const height = Math.max(1, ...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, index) => {
    const last = cells.findLastIndex((lines) => (lines[index] ?? '') !== '');
    return cells
      .slice(0, last + 1)
      .map((lines, column) => {
        const padded = column === last ? (lines[index] ?? '') : padTo(lines[index] ?? '', widths[column] ?? 0);
        const cell = row[column] ?? '';
        return typeof cell === 'string' ? padded : paint(cell.style, padded);
      })
      .join(GAP);
  });
}

function stacked(paper: Paper, titles: readonly string[], row: readonly Cell[]): readonly string[] {
  const shown = titles.flatMap((title, column) => {
    const text = textOf(row[column] ?? '');
    return text === '' ? [] : wrap(title === '' ? text : `${title}: ${text}`, paper.width);
  });
  return [...shown, ''];
}

/** Names and values under each other; long values wrap beside their name. */
export function pairs(paper: Paper, entries: readonly (readonly [name: string, value: Cell])[]): readonly string[] {
  const nameWidth = Math.max(0, ...entries.map(([name]) => widthOf(name)));
  const room = paper.width === null ? null : paper.width - nameWidth - GAP.length;
  return entries.flatMap(([name, value]) => {
    const plain = room !== null && room < NARROWEST;
    const lines = plain ? wrap(`${name}: ${textOf(value)}`, paper.width) : wrap(textOf(value), room);
    return lines.map((line, index) => {
      const painted = typeof value === 'string' ? line : paper.paint(value.style, line);
      return plain ? painted : `${paper.paint('dim', padTo(index === 0 ? name : '', nameWidth))}${GAP}${painted}`;
    });
  });
}
