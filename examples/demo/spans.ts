import { stripVTControlCharacters, styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
/** A piece of a line; its width is known before it is coloured. */
export type Span = { readonly text: string; readonly style?: Style };
export type Line = readonly Span[];

export const plain = (text: string): Span => ({ text: stripVTControlCharacters(text) });
export const styled = (style: Style, text: string): Span => ({ text: stripVTControlCharacters(text), style });

export const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);

/** The line as the terminal gets it, coloured where `stream` can show it. */
export const painted = (line: Line, stream: NodeJS.WriteStream): string =>
  line.map(({ text, style }) => (style === undefined ? text : styleText(style, text, { stream }))).join('');

/** Cut to `width`, with an ellipsis where something is missing: a panel that wraps could not be drawn over. */
export function fitted(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  const cut: Span[] = [];
  let left = Math.max(0, width - 1);
  for (const span of line) {
    if (left <= 0) break;
    cut.push({ ...span, text: span.text.slice(0, left) });
    left -= span.text.length;
  }
  return [...cut, plain('…')];
}

/** As many items on a line as fit; the lines after the first are indented as much as `head` is wide. */
export function packed(head: Span, items: readonly Span[], width: number): readonly Line[] {
  const indent = plain(' '.repeat(head.text.length));
  const lines: Span[][] = [];
  let line: Span[] = [head];
  for (const item of items) {
    if (line.length > 1 && widthOf(line) + 2 + item.text.length > width) {
      lines.push(line);
      line = [indent];
    }
    line.push(...(line.length > 1 ? [plain('  ')] : []), item);
  }
  return [...lines, line];
}
