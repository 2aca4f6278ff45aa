import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Child = {
  readonly pid: number;
  /** The next line of its output; undefined when it has ended. */
  readonly line: () => Promise<string | undefined>;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
};

/** Runs one of our TypeScript files in a process of its own. */
export function startChild(file: string, ...args: readonly string[]): Child {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null || child.pid === undefined) throw new Error(`${file} could not be started.`);
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    line: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}
