import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type AgentProcess = {
  readonly url: string;
  readonly cardUrl: string;
  readonly pid: number;
  /** Ends it with SIGTERM; the exit code. */
  readonly stop: () => Promise<number | null>;
};

/** Starts an example agent as a process of its own, on a port that the system chooses. */
export const startAgent = (name: 'provisioning-agent' | 'deployment-agent', ...args: string[]): Promise<AgentProcess> =>
  startScript(`../../../examples/agents/${name}.ts`, ['--port', '0', ...args]);

/** Starts the agent that asks for things. */
export const startAskingAgent = (...bindings: readonly string[]): Promise<AgentProcess> =>
  startScript('./asking-agent.ts', bindings.length > 0 ? [bindings.join(',')] : []);

async function startScript(path: string, args: readonly string[]): Promise<AgentProcess> {
  const script = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([first]) => String(first)),
    exited.then(([code]) => Promise.reject(new Error(`${path} ended with ${code}: ${complaints}`))),
  ]);
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  return {
    url,
    cardUrl: `${url}/.well-known/agent-card.json`,
    pid,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
}
