import { createInterface } from 'node:readline/promises';

/** The person at the terminal. */
export type Keyboard = {
  /** A line of text; rejects when nobody is there any more. */
  readonly ask: (question: string) => Promise<string>;
  readonly close: () => void;
};

const CTRL_C = '\u0003';

/** Keys that are pressed while nothing is asked are swallowed, so that no question is answered before it is read. */
export function openTerminal(input: NodeJS.ReadStream, output: NodeJS.WriteStream, interrupt: () => void): Keyboard {
  const idle = (chunk: Buffer | string): void => {
    if (chunk.toString().includes(CTRL_C)) interrupt();
  };
  const swallow = (): void => {
    input.setRawMode(true);
    input.on('data', idle);
    input.resume();
  };
  const release = (): void => {
    input.off('data', idle);
    input.setRawMode(false);
    input.pause();
  };
  swallow();
  return {
    ask: async (question) => {
      release();
      const terminal = createInterface({ input, output, terminal: true });
      terminal.once('SIGINT', interrupt);
      const left = new AbortController();
      terminal.once('close', () => left.abort());
      try {
        return await terminal.question(question, { signal: left.signal });
      } finally {
        terminal.close();
        swallow();
      }
    },
    close: release,
  };
}

/** Answers from a pipe, a line each. */
export function openPipe(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Keyboard {
  const lines = createInterface({ input });
  const answers = lines[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      output.write(question);
      const answer = await answers.next();
      if (answer.done === true)
        throw new Error('Nobody is there to answer. Run it at a terminal, or unattended: npm run demo -- --once');
      output.write(`${answer.value}\n`);
      return answer.value;
    },
    close: () => lines.close(),
  };
}
