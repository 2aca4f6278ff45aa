// An example of a worker that asks for its work over REST, in place of an agent that is sent it. The work is pretended.
//   JOURNEY_API_TOKEN=jo_… node examples/agents/pulling-worker.ts [--url http://127.0.0.1:8080] [--intents a,b] [--work-ms 1500]
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deploymentSkills } from './deployment-skills.ts';
import { provisioningSkills } from './provisioning-skills.ts';
import type { Input } from './skill.ts';

const skills = [...provisioningSkills, ...deploymentSkills];
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    intents: { type: 'string', default: skills.map(({ intent }) => intent).join(',') },
    'work-ms': { type: 'string', default: '1500' },
  },
});
const token = process.env['JOURNEY_API_TOKEN'] ?? '';
const wanted = values.intents.split(',');
const again_after_ms = 2_000;

type Task = {
  readonly task_id: string;
  readonly intent: string;
  readonly input: Input;
  readonly heartbeat_every_seconds: number;
};

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
process.once('SIGINT', () => stopping.abort());

console.log(JSON.stringify({ worker: 'pulling-worker', url: values.url, intents: wanted, pid: process.pid }));
// The same request id until it was answered: an answer that got lost is the same task again, and not a second one.
for (let number = 1; !stopping.signal.aborted; number += 1) {
  const request_id = `${process.pid}-${Date.now()}-${number}`;
  const task = await claim(request_id);
  if (task) await perform(task);
}

async function claim(request_id: string): Promise<Task | null> {
  while (!stopping.signal.aborted) {
    const claimed = await post('claim', { intents: wanted, wait_seconds: 8, request_id });
    if (claimed.ok) return claimed.body['task'] as Task | null;
    console.error(JSON.stringify({ refused: claimed.body }));
    await wait(again_after_ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
  return null;
}

async function perform({ task_id, intent, input, heartbeat_every_seconds }: Task): Promise<void> {
  const skill = skills.find((one) => one.intent === intent);
  const objection = skill ? skill.objection(input) : `${intent} is nothing that this worker can do`;
  if (!skill || objection !== null) {
    await post(`${task_id}/fail`, { message: objection ?? 'no', retryable: false });
    return;
  }
  const steps = skill.steps(input);
  let beaten = Date.now();
  for (const [index, message] of steps.entries()) {
    await wait(Number(values['work-ms']) / steps.length);
    if (index > 0 && Date.now() - beaten < heartbeat_every_seconds * 1_000) continue;
    beaten = Date.now();
    const beat = await post(`${task_id}/heartbeat`, { message, percent: Math.round((100 * index) / steps.length) });
    // Cancelled, or no longer ours: what comes out is wanted by nobody.
    if (!beat.ok || beat.body['cancelled'] === true) return console.log(JSON.stringify({ dropped: task_id }));
  }
  const ended = await post(`${task_id}/complete`, { output: skill.output(input) });
  console.log(JSON.stringify(ended.ok ? { completed: task_id } : { refused: ended.body }));
}

type Answer = { readonly ok: boolean; readonly body: Readonly<Record<string, unknown>> };

/** Never throws: a server that is away is one that is asked again. */
async function post(path: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(`${values.url}/api/v1/tasks/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    return { ok: response.ok, body: (await response.json()) as Answer['body'] };
  } catch (error) {
    return { ok: false, body: { detail: String(error) } };
  }
}
