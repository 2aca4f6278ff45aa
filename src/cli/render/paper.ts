import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** What is written on: how wide it is, and whether it takes colour. */
export type Paper = {
  /** Null: lines have no end, as in a file or a pipe. */
  readonly width: number | null;
  readonly paint: (style: Style, text: string) => string;
};

export const paperOf = (width: number | null, colour: boolean): Paper => ({
  width,
  paint: (style, text) => (colour && text !== '' ? styleText(style, text, { validateStream: false }) : text),
});
