import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** All that the CLI takes from its surroundings. Only this file touches them, so that everything else runs in tests. */
export type Environment = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** The width of the terminal; null where output goes to a file or a pipe, whose lines have no end. */
  readonly columns: number | null;
  readonly colour: boolean;
  /** A file's text; undefined where there is none. Other troubles are thrown. */
  readonly readFile: (path: string) => string | undefined;
  readonly readInput: () => Promise<string>;
  /** Standard input line by line, as it comes. */
  readonly inputLines: () => AsyncIterable<string>;
  readonly newKey: () => string;
  readonly deadline: (limit_ms: number) => AbortSignal;
  readonly pause: (wait_ms: number) => Promise<void>;
};

export function environment(): Environment {
  const { stdout, stderr, env } = process;
  endQuietlyWhenNobodyReads(stdout);
  endQuietlyWhenNobodyReads(stderr);
  return {
    variables: env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : null,
    colour: stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    readFile: (path) => readIfThere(path),
    readInput,
    inputLines: () => createInterface({ input: process.stdin, crlfDelay: Infinity }),
    newKey: () => randomUUID(),
    deadline: (limit_ms) => AbortSignal.timeout(limit_ms),
    pause: (wait_ms) => setTimeout(wait_ms),
  };
}

/** `journey-cli history | head` closes the pipe early: that is no failure of ours. */
function endQuietlyWhenNobodyReads(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
