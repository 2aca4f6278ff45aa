import { painted, type Line } from './spans.ts';

/** Where the demo shows what happens: lines that stay, and (on a terminal) a panel below them that is drawn anew. */
export type Screen = {
  readonly say: (line: Line) => void;
  readonly show: (panel: (width: number) => readonly Line[]) => void;
  /** Leaves the panel where it is, for a question below it; the next one is drawn further down. */
  readonly rest: () => void;
  readonly close: () => void;
};

type Terminal = NodeJS.WriteStream;

export function plainScreen(stream: Terminal): Screen {
  return {
    say: (line) => void stream.write(`${painted(line, stream)}\n`),
    show: () => undefined,
    rest: () => undefined,
    close: () => undefined,
  };
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_ALL = '\u001b[2J\u001b[H';
const NARROWEST = 40;

export function liveScreen(stream: Terminal): Screen {
  let drawn: readonly string[] = [];
  let resting = true;
  const showCursor = (): void => void stream.write(SHOW_CURSOR);
  const resized = (): void => {
    // Lines that the terminal has wrapped anew can no longer be counted, so the panel starts on an empty screen.
    if (drawn.length > 0) stream.write(CLEAR_ALL);
    drawn = [];
  };
  stream.on('resize', resized);
  process.once('exit', showCursor);

  /** One write, so that nothing half drawn is ever seen. */
  function draw(above: string, lines: readonly string[]): void {
    const up = drawn.length > 0 ? `\u001b[${drawn.length}A\r` : '';
    const cursor = resting ? HIDE_CURSOR : '';
    resting = false;
    stream.write(`${cursor}${up}${CLEAR_BELOW}${above}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines;
  }

  return {
    say: (line) => draw(`${painted(line, stream)}\n`, drawn),
    show: (panel) => {
      const lines = panel(Math.max(NARROWEST, stream.columns - 1));
      // What is higher than the screen could not be drawn over.
      const text = lines.slice(0, Math.max(1, stream.rows - 1)).map((line) => painted(line, stream));
      if (text.length !== drawn.length || text.some((line, index) => line !== drawn[index])) draw('', text);
    },
    rest: () => {
      drawn = [];
      resting = true;
      showCursor();
    },
    close: () => {
      stream.off('resize', resized);
      process.off('exit', showCursor);
      showCursor();
    },
  };
}
