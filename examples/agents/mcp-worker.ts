// An example of an agent that fetches its work: it claims tasks over MCP, with the official client. Nobody calls it, so it
// needs no address and no open port.
//   JOURNEY_API_TOKEN=… node examples/agents/mcp-worker.ts --url http://127.0.0.1:8080/mcp [--intents run_security_scan]
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { provisioningSkills } from './provisioning-skills.ts';
import { type Input, type Skill } from './skill.ts';

type Task = {
  readonly task_id: string;
  readonly intent: string;
  readonly input: Input;
  readonly heartbeat_every_seconds: number;
};
type Answer = { readonly isError: boolean; readonly said: string; readonly data: Readonly<Record<string, unknown>> };

const WAIT_SECONDS = 20;
const AFTER_AN_ERROR_MS = 2_000;
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080/mcp' },
    intents: { type: 'string', default: 'run_security_scan' },
    'work-ms': { type: 'string', default: '1500' },
  },
});
const token = process.env['JOURNEY_API_TOKEN'];
if (token === undefined)
  throw new Error('JOURNEY_API_TOKEN is not set: journey-cli token create --kind=agent makes one.');

const wanted = values.intents.split(',');
const skills = new Map<string, Skill>(
  provisioningSkills.filter(({ intent }) => wanted.includes(intent)).map((skill) => [skill.intent, skill]),
);

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

const client = new Client(
  { name: 'example-worker', version: '1.0.0' },
  { versionNegotiation: { mode: { pin: '2026-07-28' } } },
);
await client.connect(
  new StreamableHTTPClientTransport(new URL(values.url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  }),
);
console.log(JSON.stringify({ agent: 'mcp-worker', intents: [...skills.keys()], pid: process.pid }));
while (!stopping.signal.aborted) await takeOne();
await client.close();

async function call(name: string, input: object): Promise<Answer> {
  const result = await client.callTool({ name, arguments: { ...input } }, { signal: stopping.signal });
  const said = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  return { isError: result.isError === true, said, data: (result.structuredContent ?? {}) as Answer['data'] };
}

/** Claims a task and does it. Whatever goes wrong on the way is said aloud; the lease sees to it that nothing is lost. */
async function takeOne(): Promise<void> {
  try {
    const claimed = await call('claim_task', { intents: [...skills.keys()], wait_seconds: WAIT_SECONDS });
    if (claimed.isError) throw new Error(claimed.said);
    const task = claimed.data['task'] as Task | null;
    if (task) await work(task);
  } catch (error) {
    if (stopping.signal.aborted) return;
    console.error(error instanceof Error ? error.message : String(error));
    await pause(AFTER_AN_ERROR_MS);
  }
}

async function work({ task_id, intent, input, heartbeat_every_seconds }: Task): Promise<void> {
  const skill = skills.get(intent);
  const objection = skill ? skill.objection(input) : `this agent does not do ${intent}`;
  if (!skill || objection !== null) {
    // Trying again would meet the same input.
    await call('fail_task', { task_id, message: objection ?? '', retryable: false });
    return;
  }
  const steps = skill.steps(input);
  const step_ms = Math.min(Number(values['work-ms']) / steps.length, heartbeat_every_seconds * 1_000);
  for (const [index, message] of steps.entries()) {
    const percent = Math.round((index / steps.length) * 100);
    const beat = await call('heartbeat_task', { task_id, message, percent });
    if (beat.isError || beat.data['cancelled'] === true) return;
    await pause(step_ms, undefined, { signal: stopping.signal });
  }
  const ended = await call('complete_task', { task_id, output: skill.output(input) });
  console.log(JSON.stringify({ task_id, ...(ended.isError ? { refused: ended.said } : ended.data) }));
}
