import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '#core/json.ts';
import type { WorkerOptions } from './worker.ts';
import type { Output } from './orchestrator.ts';

const file = join(import.meta.dirname, 'worker.ts');

export type Replica = {
  readonly pid: number;
  /** Every task that a function of it has begun. */
  readonly called: readonly string[];
  /** Why it did not start; undefined: it did. */
  readonly refused: string | undefined;
  readonly ask: (
    question:
      | { readonly verify: true }
      | { readonly release: true }
      | { readonly use_case: string; readonly input: JsonObject },
  ) => Promise<Output>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends it, whatever state it is in, and waits for its end. */
  readonly kill: () => Promise<void>;
};

/** On a server it needs no directory to keep: one is made, and removed with it. */
export type ReplicaOptions = Omit<WorkerOptions, 'dataDirectory'> & { readonly dataDirectory?: string };

/** Starts a worker and resolves when it is ready, or has been refused. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const own = options.dataDirectory === undefined ? await mkdtemp(join(tmpdir(), 'journey-replica-')) : undefined;
  const dataDirectory = options.dataDirectory ?? own ?? '';
  const child = spawn(process.execPath, [file, JSON.stringify({ ...options, dataDirectory })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started.`);
  const exited = once(child, 'exit');
  const called: string[] = [];
  const answers = new Map<number, (answer: Output) => void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<Output>();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const said: Output = JSON.parse(line);
    if (said.type === 'called') called.push(said.task as string);
    else if (said.type === 'answer') answers.get(said.id as number)?.(said.answer);
    else begin(said);
  });
  lines.on('close', () => begin({ type: 'refused', message: 'It ended without a word.' }));
  const first = await begun;
  let asked = 0;
  return {
    pid,
    called,
    refused: first.type === 'ready' ? undefined : String(first.message),
    ask: (question) =>
      new Promise((resolve) => {
        asked += 1;
        answers.set(asked, resolve);
        child.stdin.write(`${JSON.stringify({ id: asked, ...question })}\n`);
      }),
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      // A stopped process dies of SIGKILL as well.
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await exited;
      if (own !== undefined) await rm(own, { recursive: true, force: true });
    },
  };
}
