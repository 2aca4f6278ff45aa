import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asForm, command, SIGNING_SECRET } from '#examples/slack/requests.ts';

const USAGE = `node test/bench/slack-acks.ts [--rounds 5] [--requests 4000] [--json]

What a signed command costs until it is acknowledged: our receiver on the server's port, against Bolt's own.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '4000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [rounds, requests] = [Number(values.rounds), Number(values.requests)];
const AT_ONCE = 16;
const WARM = 1_000;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

type Contender = { readonly name: string; readonly child: ChildProcess; readonly port: number };
type Round = { readonly cpu_us: number; readonly p50_ms: number; readonly p99_ms: number };

async function open(name: string): Promise<Contender> {
  const child = fork(join(import.meta.dirname, 'slack-receivers.ts'), [name, SIGNING_SECRET]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { name, child, port };
}

async function cpu({ child }: Contender, word: string): Promise<number> {
  child.send(word);
  const [{ cpu_us }] = (await once(child, 'message')) as [{ cpu_us: number }];
  return cpu_us;
}

function send(port: number): Promise<number> {
  const { headers, body } = asForm(command('help', 'U1', 'http://127.0.0.1/none'), Math.floor(Date.now() / 1_000));
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { port, path: '/slack/events', method: 'POST', agent, headers: { ...headers, ...length } },
      (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(performance.now() - began)
            : reject(new Error(`Answered ${response.statusCode}.`)),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function burst(port: number, count: number): Promise<readonly number[]> {
  const took: number[] = [];
  let left = count;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      // A sender is one connection: one request after the other.
      // oxlint-disable-next-line no-await-in-loop
      took.push(await send(port));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return took.toSorted((a, b) => a - b);
}

async function round(contender: Contender): Promise<Round> {
  await cpu(contender, 'begin');
  const took = await burst(contender.port, requests);
  const at = (share: number): number => took[Math.floor(took.length * share)] ?? 0;
  return { cpu_us: (await cpu(contender, 'end')) / requests, p50_ms: at(0.5), p99_ms: at(0.99) };
}

const contenders = [await open('ours'), await open('bolt')];
const results = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
for (const { port } of contenders) await burst(port, WARM);
// In turns, so that whatever else the machine does hits both.
for (let index = 0; index < rounds; index += 1)
  for (const contender of contenders) results.get(contender.name)?.push(await round(contender));
for (const { child } of contenders) child.disconnect();
agent.destroy();

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const rows = [...results].map(([name, all]) => ({
  name,
  cpu_us: Math.round(median(all.map(({ cpu_us }) => cpu_us))),
  p50_ms: Math.round(median(all.map(({ p50_ms }) => p50_ms)) * 10) / 10,
  p99_ms: Math.round(median(all.map(({ p99_ms }) => p99_ms)) * 10) / 10,
  rounds,
}));
const ratio = (rows[0]?.cpu_us ?? 0) / (rows[1]?.cpu_us ?? 1);
if (values.json) console.log(JSON.stringify({ results: rows, ratio }));
else {
  console.table(rows);
  console.log(`CPU a request: ${ratio.toFixed(2)} times Bolt's own (goal: 1.3 at most)`);
}
