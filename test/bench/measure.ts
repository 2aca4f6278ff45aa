import postgres from 'postgres';
import type { OpenContender } from './contender.ts';
import { openEngine } from './engine.ts';
import { openFloorNaive, openFloorSet } from './floors.ts';
import { serverCost } from './server-cost.ts';

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

const open = contenders[name];
if (!open) throw new Error(`No contender is called ${name}: ${Object.keys(contenders).join(', ')}.`);
const contender = await open(url);
const count = Number(journeys);
await contender.batch('warm', ids('warm', WARM));
await settle();
await admin`checkpoint`;
const before = await serverCost(admin);
const cpuBefore = process.cpuUsage();
const begun = performance.now();
await contender.batch('batch', ids('batch', count));
const seconds = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
await settle();
const after = await serverCost(admin);
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
