import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const agentNames = ['provisioning-agent', 'deployment-agent'] as const;

export type RunningAgent = {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly cardUrl: string;
  readonly stop: () => Promise<void>;
};

export type AgentOptions = {
  readonly work_ms: number;
  /** An intent whose first attempt fails, so that a retry can be seen. */
  readonly failFirst?: string;
  /** Called when it ends without having been asked to. */
  readonly lost: (reason: string) => void;
};

const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 3_000;

/** Starts an example agent in a process of its own, on a port that the system chooses. */
export async function startAgent(name: (typeof agentNames)[number], options: AgentOptions): Promise<RunningAgent> {
  const { work_ms, failFirst, lost } = options;
  const script = fileURLToPath(new URL(`../agents/${name}.ts`, import.meta.url));
  const args = ['--port', '0', '--work-ms', String(work_ms), ...(failFirst ? ['--fail-first', failFirst] : [])];
  // In a group of its own, so that Ctrl-C reaches the demo alone, which then ends its agents in good order.
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = () => void child.kill('SIGKILL');
  // However the demo ends, its agents end with it.
  process.once('exit', kill);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-2_000)));
  const exited = once(child, 'exit');
  let stopping = false;
  child.once('exit', (code, signal) => {
    process.removeListener('exit', kill);
    if (!stopping) lost(`${name} ended by itself (${signal ?? `exit code ${code}`}). ${complaints}`.trim());
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    await endChild(child, exited);
  };
  try {
    const { url, pid } = await firstLine(child, name);
    return { name, pid, url, cardUrl: `${url}/.well-known/agent-card.json`, stop };
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start. ${complaints}`.trim(), { cause: error });
  }
}

async function firstLine(child: ChildProcess, name: string): Promise<{ readonly url: string; readonly pid: number }> {
  if (!child.stdout) throw new Error(`${name} has no output.`);
  const lines = createInterface(child.stdout);
  const ended = new AbortController();
  const end = () => ended.abort();
  child.once('exit', end);
  child.once('error', end);
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(START_WITHIN_MS)]);
  const [line] = (await once(lines, 'line', { signal })) as [string];
  return JSON.parse(line) as { url: string; pid: number };
}

/** Asks it to end, and ends it where it does not. */
async function endChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(late);
}
