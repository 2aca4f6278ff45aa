import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { startTestServer } from '#test/support/postgres/test-server.ts';

const USAGE = `npm run bench -- [--rounds 5] [--journeys 3000] [--lone 40] [--json]

The work of one client journey (a start, seven tasks, two transitions with four criteria each), by the engine through its
public use-cases and by two floors that have no engine, interleaved in the same rounds. On the PostgreSQL that
DATABASE_URL names (a superuser on this machine, so that the server's CPU and WAL can be read; databases are made and
dropped), else on one of its own with default durability.`;

type Measured = {
  readonly name: string;
  readonly journeys_per_s: number;
  readonly lone_p50_ms: number;
  readonly rss_mb: number;
  readonly node_cpu_ms_per_journey: number;
  readonly pg_cpu_ms_per_journey: number;
  readonly wal_kb_per_journey: number;
  readonly verified: string;
};

const names = ['engine', 'floor-set', 'floor-naive'] as const;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    journeys: { type: 'string', default: '3000' },
    lone: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = count('rounds', values.rounds);
const journeys = count('journeys', values.journeys);
const lone = count('lone', values.lone);

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 1_000_000) return number;
  process.stderr.write(`--${name} is ${text}, must be a whole number from 1 to 1000000.\n\n${USAGE}\n`);
  process.exit(2);
}

async function measure(server: string, name: string): Promise<Measured> {
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  const database = `journey_bench_${randomBytes(6).toString('hex')}`;
  const scratch = mkdtempSync(join(tmpdir(), 'journey-bench-'));
  try {
    await admin.unsafe(`create database ${database}`);
    const url = new URL(server);
    url.pathname = `/${database}`;
    return JSON.parse(await output(name, url.href, scratch)) as Measured;
  } finally {
    await admin.unsafe(`drop database if exists ${database} with (force)`);
    await admin.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function output(name: string, url: string, scratch: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('measure.ts', import.meta.url));
    // A small young generation keeps the process small; its effect on speed was within the noise.
    const args = ['--max-semi-space-size=16', script, name, url, String(journeys), String(lone)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BENCH_DATA_DIR: scratch },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.once('error', reject);
    child.once('exit', (code) => {
      const line = text.split('\n').find((one) => one.startsWith('{"name"'));
      if (code === 0 && line !== undefined) resolve(line);
      else reject(new Error(`${name} ended with ${code}:\n${text}`));
    });
  });
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const rounded = (number: number): number => Math.round(number * 100) / 100;

function summary(name: string, runs: readonly Measured[]): Omit<Measured, 'verified'> & { readonly rounds: number } {
  const of = (pick: (run: Measured) => number) => rounded(median(runs.map(pick)));
  return {
    name,
    journeys_per_s: of((run) => run.journeys_per_s),
    lone_p50_ms: of((run) => run.lone_p50_ms),
    rss_mb: of((run) => run.rss_mb),
    node_cpu_ms_per_journey: of((run) => run.node_cpu_ms_per_journey),
    pg_cpu_ms_per_journey: of((run) => run.pg_cpu_ms_per_journey),
    wal_kb_per_journey: of((run) => run.wal_kb_per_journey),
    rounds: runs.length,
  };
}

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const own = process.env['DATABASE_URL'] === undefined ? await startTestServer() : undefined;
  const server = own?.url ?? process.env['DATABASE_URL'] ?? '';
  const runs = new Map<string, Measured[]>(names.map((name) => [name, []]));
  /** The share of floor-set that the engine reached in the same round: what noise of the machine leaves nearly alone. */
  const shares: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const run = await measure(server, name);
        if (run.verified !== 'ok') throw new Error(`${name} recorded the wrong thing: ${run.verified}`);
        runs.get(name)?.push(run);
        process.stderr.write(
          `round ${round + 1} of ${rounds}: ${name} ${Math.round(run.journeys_per_s)} journeys/s, load ${rounded(loadavg()[0] ?? 0)}\n`,
        );
      }
      const [engine, set] = [runs.get('engine')?.at(-1), runs.get('floor-set')?.at(-1)];
      if (engine && set) shares.push(engine.journeys_per_s / set.journeys_per_s);
    }
  } finally {
    await own?.remove();
  }
  const results = names.map((name) => summary(name, runs.get(name) ?? []));
  if (values.json) return void process.stdout.write(`${JSON.stringify({ results }, null, 2)}\n`);
  table(results, shares);
}

function table(results: readonly ReturnType<typeof summary>[], shares: readonly number[]): void {
  const columns = [
    'name',
    'journeys_per_s',
    'lone_p50_ms',
    'rss_mb',
    'node_cpu_ms_per_journey',
    'pg_cpu_ms_per_journey',
    'wal_kb_per_journey',
    'rounds',
  ] as const;
  const lines = [
    columns,
    columns.map(() => '---'),
    ...results.map((result) => columns.map((column) => String(result[column]))),
  ];
  process.stdout.write(`${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`);
  process.stdout.write(`\nengine / floor-set in the same round, median: ${Math.round(median(shares) * 100)} %\n`);
}

await main();
