import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { startTestServer } from '#test/support/postgres/test-server.ts';
import { pool } from './contender.ts';

const USAGE = `node test/bench/mcp.ts [--calls 2000] [--callers 8] [--json]

Calls of the MCP door over HTTP, in both eras: what one costs the server's process in CPU (the database has its own), how
many it answers a second, and how long the slowest hundredth takes. On the PostgreSQL that DATABASE_URL names, else on one
of its own.`;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '2000' },
    callers: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const WARM_UP = 300;
const calls = Number(values.calls);
const callers = Number(values.callers);
const agent = new Agent({ keepAlive: true, maxSockets: callers });

type Case = { readonly name: string; readonly era: string; readonly method: string; readonly params: object };

const cases: readonly Case[] = ['2026-07-28', '2025-11-25'].flatMap((era) => [
  { name: 'tools/list', era, method: 'tools/list', params: {} },
  { name: 'tools/call get_journey', era, method: 'tools/call', params: of('get_journey', { client_id: 'acme' }) },
  { name: 'tools/call list_journeys', era, method: 'tools/call', params: of('list_journeys', {}) },
]);

function of(name: string, input: object): object {
  return { name, arguments: input };
}

type Server = { readonly url: string; readonly token: string };

function ask({ url, token }: Server, { era, method, params }: Case): Promise<number> {
  const modern = era === '2026-07-28';
  const meta = {
    'io.modelcontextprotocol/protocolVersion': era,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: modern ? { ...params, _meta: meta } : params,
  });
  const name = (params as { readonly name?: string }).name;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const sent = request(
      new URL('/mcp', url),
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': era,
          ...(modern ? { 'mcp-method': method, ...(name === undefined ? {} : { 'mcp-name': name }) } : {}),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 200 && text.includes('"result"')) resolve(performance.now() - started);
          else reject(new Error(`${method} was answered ${response.statusCode}: ${text.slice(0, 500)}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const rounded = (number: number): number => Math.round(number * 100) / 100;

async function measure(server: Server, cpu_ms: () => Promise<number>, one: Case) {
  const times: number[] = [];
  const run = async (many: number): Promise<void> =>
    pool(
      Array.from({ length: many }, (_, index) => String(index)),
      callers,
      async () => void times.push(await ask(server, one)),
    );
  await run(WARM_UP);
  times.length = 0;
  const [before, started] = [await cpu_ms(), performance.now()];
  await run(calls);
  const [after, ended] = [await cpu_ms(), performance.now()];
  const sorted = times.toSorted((a, b) => a - b);
  return {
    name: one.name,
    era: one.era,
    calls_per_s: Math.round(calls / ((ended - started) / 1_000)),
    cpu_ms_per_call: rounded((after - before) / calls),
    p50_ms: rounded(sorted[sorted.length >> 1] ?? Number.NaN),
    p99_ms: rounded(sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN),
  };
}

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  await using ending = new AsyncDisposableStack();
  const own = process.env['DATABASE_URL'] === undefined ? await startTestServer() : undefined;
  if (own) ending.defer(() => own.remove());
  const root = own?.url ?? process.env['DATABASE_URL'] ?? '';
  const admin = postgres(root, { max: 1, onnotice: () => undefined });
  ending.defer(() => admin.end());
  const database = `journey_bench_${randomBytes(6).toString('hex')}`;
  await admin.unsafe(`create database ${database}`);
  ending.defer(async () => void (await admin.unsafe(`drop database if exists ${database} with (force)`)));
  const scratch = mkdtempSync(join(tmpdir(), 'journey-bench-'));
  ending.defer(() => Promise.resolve(rmSync(scratch, { recursive: true, force: true })));
  const url = new URL(root);
  url.pathname = `/${database}`;

  const script = fileURLToPath(new URL('mcp-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, url.href, scratch], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  ending.defer(async () => {
    child.stdin.end();
    await exited;
  });
  // Between them stand the lines of its log.
  const said = async (word: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The server has ended.');
      if (value.startsWith(`${word} `)) return value.slice(word.length + 1);
    }
  };
  const server = JSON.parse(await said('server')) as Server;
  const cpu_ms = async (): Promise<number> => {
    child.stdin.write('cpu\n');
    return Number(await said('cpu'));
  };
  const results = [];
  for (const one of cases) results.push(await measure(server, cpu_ms, one));
  agent.destroy();
  if (values.json) return void process.stdout.write(`${JSON.stringify({ results }, null, 2)}\n`);
  const columns = ['name', 'era', 'calls_per_s', 'cpu_ms_per_call', 'p50_ms', 'p99_ms'] as const;
  const rows = [columns, columns.map(() => '---'), ...results.map((result) => columns.map((column) => result[column]))];
  process.stdout.write(`${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`);
}

await main();
