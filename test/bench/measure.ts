import { readdirSync, readFileSync } from 'node:fs';
import postgres from 'postgres';
import type { OpenContender } from './contender.ts';
import { openEngine } from './engine.ts';
import { openFloorNaive, openFloorSet } from './floors.ts';

// One contender, in a process and a database of its own, so that nobody inherits another one's memory or plans.
const contenders: { readonly [name: string]: OpenContender } = {
  engine: openEngine,
  'floor-set': openFloorSet,
  'floor-naive': openFloorNaive,
};

const [name = '', url = '', journeys = '0', lone = '0'] = process.argv.slice(2);
const WARM = 1_000;
const SETTLE_MS = 400;

const admin = postgres(url, { max: 1, onnotice: () => undefined });
const settle = () => new Promise((resolve) => void setTimeout(resolve, SETTLE_MS));
const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(6, '0')}`);

/** The server's CPU seconds (all its processes) and its position in the write-ahead log. */
async function serverCost(): Promise<{ cpu_s: number; wal_bytes: number }> {
  const [row] =
    await admin`select (pg_current_wal_lsn() - '0/0')::float8 as wal, current_setting('data_directory') as dir`;
  const postmaster = Number(readFileSync(`${row?.['dir']}/postmaster.pid`, 'utf8').split('\n')[0]);
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(entry);
    if (!stat) continue;
    // utime, stime of the process; of children that have ended too, for the postmaster alone.
    if (Number(entry) === postmaster) ticks += stat(11) + stat(12) + stat(13) + stat(14);
    else if (stat(1) === postmaster) ticks += stat(11) + stat(12);
  }
  return { cpu_s: ticks / 100, wal_bytes: Number(row?.['wal']) };
}

function statOf(pid: string): ((field: number) => number) | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (field) => Number(fields[field]);
  } catch {
    return undefined;
  }
}

const open = contenders[name];
if (!open) throw new Error(`No contender is called ${name}: ${Object.keys(contenders).join(', ')}.`);
const contender = await open(url);
const count = Number(journeys);
await contender.batch('warm', ids('warm', WARM));
await settle();
await admin`checkpoint`;
const before = await serverCost();
const cpuBefore = process.cpuUsage();
const begun = performance.now();
await contender.batch('batch', ids('batch', count));
const seconds = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
await settle();
const after = await serverCost();
const times: number[] = [];
for (const id of ids('lone', Number(lone))) {
  const start = performance.now();
  await contender.lone(id);
  times.push(performance.now() - start);
}
const verified = await contender.verify(WARM + count + Number(lone));
await contender.stop();
await admin.end();
process.stdout.write(
  `${JSON.stringify({
    name,
    journeys_per_s: count / seconds,
    lone_p50_ms: times.toSorted((a, b) => a - b)[times.length >> 1] ?? null,
    rss_mb: process.resourceUsage().maxRSS / 1024,
    node_cpu_ms_per_journey: (cpu.user + cpu.system) / 1000 / count,
    pg_cpu_ms_per_journey: ((after.cpu_s - before.cpu_s) * 1000) / count,
    wal_kb_per_journey: (after.wal_bytes - before.wal_bytes) / 1024 / count,
    verified,
  })}\n`,
);
