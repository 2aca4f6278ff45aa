/**
 * How long work lies after its process was killed: node test/bench/takeover.ts [--kills 20] [--lease 3000] [--major 15]
 * Three replicas on a PostgreSQL of its own; again and again one that has work in hand is killed by SIGKILL and replaced.
 * Measured for each of its units: from the kill to the commit that gives the unit to another process.
 */
import { parseArgs } from 'node:util';
import type { Database } from '#adapters/postgres/database.ts';
import { migrate, migrationsDirectory } from '#adapters/postgres/migrate.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { quiet } from '#test/support/engine/fixtures.ts';
import { eventually, startInput } from '#test/support/engine/orchestrator.ts';
import { startReplica, type Replica } from '#test/support/engine/replicas.ts';
import { verify } from '#test/support/engine/verify.ts';
import { startTestServer } from '#test/support/postgres/test-server.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    lease: { type: 'string', default: '3000' },
    major: { type: 'string', default: '15' },
  },
});
const kills = Number(values.kills);
const lease_ms = Number(values.lease);
const JOURNEYS_A_KILL = 15;
const WAIT_MS = 120_000;

const server = await startTestServer({ durability: 'none', major: values.major === '18' ? 18 : 15 });
const database = await openServer({ server: server.url });
const replicas: Replica[] = [];
const joinOne = async (): Promise<void> => {
  // Long enough that somebody always has work in hand.
  replicas.push(await startReplica({ url: server.url, lease_ms, task_ms: 300, poolSize: 5 }));
};
try {
  await migrate(database, migrationsDirectory, quiet);
  for (let index = 0; index < 3; index += 1) await joinOne();
  const waits: number[] = [];
  for (let round = 0; round < kills; round += 1) waits.push(...(await killOne(round)));
  const sorted = waits.toSorted((one, other) => one - other);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  const { broken, journeys } = await verify(database);
  process.stdout.write(
    `${kills} kills, ${sorted.length} units taken over, lease ${lease_ms} ms, PostgreSQL ${values.major}: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; ${journeys} journeys, ${broken.length} violations\n`,
  );
  for (const line of broken) process.stdout.write(`${line}\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
} finally {
  await Promise.all(replicas.map((one) => one.kill()));
  await database.close();
  await server.remove();
}

async function killOne(round: number): Promise<readonly number[]> {
  const [asked] = replicas;
  if (!asked) throw new Error('No replica is there.');
  const clients = Array.from({ length: JOURNEYS_A_KILL }, (_, index) => `client-${round}-${index}`);
  await Promise.all(clients.map((client) => asked.ask({ use_case: 'journey.start', input: startInput(client) })));
  const victim = await eventually(
    () => busiest(database),
    (found) => found !== undefined && found.units >= 3,
    WAIT_MS,
  );
  const victimProcess = replicas.find(({ pid }) => pid === victim?.pid);
  if (!victim || !victimProcess) throw new Error('Nobody has work in hand.');
  const killed = await database.time();
  await victimProcess.kill();
  replicas.splice(replicas.indexOf(victimProcess), 1);
  const left = () =>
    database.query(`select 1 from unit_of_works where status = 'in_progress' and owner = $1 limit 1`, [victim.epoch]);
  await eventually(left, (rows) => rows.length === 0, WAIT_MS);
  const taken = await database.query<{ at: number }>(
    `select at from journey_events where type = 'unit_taken_over' and (data ->> 'from')::int = $1`,
    [victim.epoch],
  );
  await joinOne();
  await eventually(
    () => database.query(`select 1 from unit_of_works where status = 'in_progress' limit 1`),
    (rows) => rows.length === 0,
    WAIT_MS,
  );
  process.stdout.write(`kill ${round + 1}: ${taken.length} units\n`);
  return taken.map(({ at }) => at - killed);
}

type Busy = { readonly epoch: number; readonly pid: number; readonly units: number };

async function busiest(on: Database): Promise<Busy | undefined> {
  const [row] = await on.query<Busy>(
    `select p.epoch, split_part(p.name, ':', 2)::int as pid, count(*)::int as units
     from processes p join unit_of_works u on u.owner = p.epoch and u.status = 'in_progress'
     where p.lease_until > clock_timestamp() group by 1, 2 order by 3 desc limit 1`,
  );
  return row;
}
