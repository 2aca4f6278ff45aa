import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Stopping } from './stopping.ts';

/** The person at the terminal. */
export type Keyboard = {
  /** A line of text; rejects when nobody is there any more, or when everything stops. */
  readonly ask: (question: string) => Promise<string>;
  readonly close: () => void;
};

type Input = NodeJS.ReadStream;
type Output = NodeJS.WriteStream;

const CTRL_C = '\u0003';
const NOBODY = 'Nobody is there to answer. Run it at a terminal, or unattended: npm run demo -- --once';

/** Keys that are pressed while nothing is asked are swallowed, so that no question is answered before it is read. */
export function openTerminal(input: Input, output: Output, { signal, interrupt }: Stopping): Keyboard {
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
        return await terminal.question(question, { signal: AbortSignal.any([left.signal, signal]) });
      } catch (error) {
        throw signal.aborted ? error : new Error(NOBODY, { cause: error });
      } finally {
        terminal.close();
        swallow();
      }
    },
    close: release,
  };
}

/** Answers from a pipe, a line each. An empty pipe ends the demo at once, not only when the question comes. */
export function openPipe(input: Input, output: Output, { signal, fail }: Stopping): Keyboard {
  const lines = createInterface({ input });
  const answers = lines[Symbol.asyncIterator]();
  let next = answers.next();
  void next.then(({ done }) => (done === true && !signal.aborted ? fail(NOBODY) : undefined));
  return {
    ask: async (question) => {
      output.write(question);
      const answer = await Promise.race([next, once(signal, 'abort').then(() => undefined)]);
      signal.throwIfAborted();
      if (!answer || answer.done === true) throw new Error(NOBODY);
      next = answers.next();
      output.write(`${answer.value}\n`);
      return answer.value;
    },
    close: () => lines.close(),
  };
}
