import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { bucketOf } from '#core/bucket.ts';
import { startTestServer } from '#test/support/postgres/test-server.ts';
import { pool } from './contender.ts';
import { composeEngine } from './engine.ts';
import { serverCost } from './server-cost.ts';

const USAGE = `node test/bench/scale.ts [--stored 1000,100000] [--journeys 2000] [--evaluate 100000] [--changed 1000]

What grows with the store. First the CPU that a journey costs, the engine's process and the database's, with so many
journeys stored already (copies of one that the engine has done). Then the exit criteria of so many waiting journeys, four
of them and ten pieces of evidence each: all of them due, and only some, beside one set-based query over as much evidence
without an engine. On a PostgreSQL of its own, or on the one that DATABASE_URL names (a superuser, on this machine).`;

const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '1000,100000' },
    journeys: { type: 'string', default: '2000' },
    evaluate: { type: 'string', default: '100000' },
    changed: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});
const ids = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${prefix}-${String(from + index).padStart(8, '0')}`);
const rounded = (number: number): number => Math.round(number * 1_000) / 1_000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const look = () => new Promise((resolve) => void setTimeout(resolve, 100));
const CHUNK = 5_000;

/** Journeys like the template in every table, under their own ids. */
async function copy(sql: Sql, template: string, clientIds: readonly string[]): Promise<void> {
  const columns = await sql<{ table_name: string; column_name: string; data_type: string }[]>`
    select c.table_name, c.column_name, c.data_type from information_schema.columns c
    where c.table_schema = 'public' and c.table_name in (select table_name from information_schema.columns
      where table_schema = 'public' and column_name = 'client_id')
    order by c.table_name = 'journey_states' desc, c.table_name`;
  const tables = Map.groupBy(columns, ({ table_name }) => table_name);
  for (let at = 0; at < clientIds.length; at += CHUNK) {
    const chunk = clientIds.slice(at, at + CHUNK);
    for (const [table, of] of tables) {
      const names = of.map(({ column_name }) => column_name);
      if (!names.includes('bucket')) continue;
      const cells = of.map(({ column_name, data_type }) => {
        if (column_name === 'bucket') return 'p.bucket';
        if (data_type === 'character varying') return `replace(t.${column_name}, '${template}', p.id)`;
        if (data_type === 'json') return `replace(t.${column_name}::text, '${template}', p.id)::json`;
        return `t.${column_name}`;
      });
      await sql.unsafe(
        `insert into ${table} (${names.join()}) select ${cells.join()} from unnest($1::text[], $2::int[]) as p(id, bucket)
         join ${table} t on t.client_id = '${template}'`,
        [chunk, chunk.map(bucketOf)],
      );
    }
  }
  await sql`analyze`;
}

const inStage = async (sql: Sql, stage: string, prefix: string): Promise<number> =>
  (
    await sql`select count(*)::int as done from journey_states where current_stage = ${stage} and client_id like ${`${prefix}%`}`
  )[0]?.['done'] as number;

async function growth(url: string, scratch: string, sizes: readonly number[], journeys: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const engine = await composeEngine(url, scratch);
  const run = async (prefix: string, count: number): Promise<void> => {
    await pool(ids(prefix, 0, count), 1_000, engine.start);
    while ((await inStage(sql, 'production', prefix)) < count) await look();
  };
  try {
    await run('warm', 1_000);
    print('| stored journeys | Node CPU ms a journey | PostgreSQL CPU ms a journey |\n|---|---|---|');
    let stored = 1_000;
    for (const size of sizes) {
      if (size > stored) await copy(sql, 'warm-00000000', ids('stored', stored, size));
      stored = Math.max(stored, size);
      await sql`checkpoint`;
      const [before, cpu] = [await serverCost(sql), process.cpuUsage()];
      await run(`new${size}`, journeys);
      const { user, system } = process.cpuUsage(cpu);
      const after = await serverCost(sql);
      stored += journeys;
      print(
        `| ${size} | ${rounded((user + system) / 1_000 / journeys)} | ${rounded(((after.cpu_s - before.cpu_s) * 1_000) / journeys)} |`,
      );
    }
  } finally {
    await engine.stop();
    await sql.end();
  }
}

/** As many rows of evidence, and their newest values compared with targets by one query. */
async function setBased(sql: Sql, journeys: number): Promise<number> {
  await sql.unsafe(
    `create table signals (client_id text collate "C" not null, metric text not null, value float8 not null, observed_at timestamptz not null)`,
  );
  await sql.unsafe(
    `insert into signals select 'c-' || lpad(i::text, 8, '0'), m, random() * 100, now() - d * interval '1 day'
     from generate_series(0, 9) d, generate_series(1, ${journeys}) i, unnest(array['health', 'errors', 'usage', 'sign_off']) m`,
  );
  await sql.unsafe('create index on signals (client_id, metric, observed_at desc) include (value)');
  await sql.unsafe('vacuum analyze signals');
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now();
    await sql.unsafe(
      `select count(*) filter (where h and e and u and s) from (select client_id, avg(value) filter (where metric = 'health') >= 50 h,
         avg(value) filter (where metric = 'errors') <= 55 e, count(*) filter (where metric = 'usage' and value > 20) >= 5 u,
         max(observed_at) filter (where metric = 'sign_off' and value >= 50) is not null s from signals group by client_id) x`,
    );
    times.push(performance.now() - begun);
  }
  await sql.unsafe('drop table signals');
  return times.toSorted((a, b) => a - b)[1] as number;
}

async function evaluation(url: string, scratch: string, journeys: number, changed: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const sources = Array.from({ length: 9 }, (_, index) => `source-${index}`);
  const engine = await composeEngine(url, scratch, {
    sources,
    cron: '* * * * * *',
    functions: {
      install_connectors: () =>
        Promise.resolve({ installed_connectors: sources.map((name) => ({ name, status: 'syncing' })) }),
      // Too many findings: the journey waits at its first gate, with all its work done.
      run_security_scan: () => Promise.resolve({ scan_result: { critical: 1, high: 6 }, vulnerabilities: [] }),
    },
  });
  const due = async (): Promise<number> =>
    (await sql`select count(*)::int as due from journey_checks where due_at <= now()`)[0]?.['due'] as number;
  const timed = async (count: number): Promise<number> => {
    const begun = performance.now();
    await sql`update journey_checks set due_at = now() - interval '1 second'
      where client_id in (select client_id from journey_checks order by client_id limit ${count})`;
    while ((await due()) > 0) await look();
    return performance.now() - begun;
  };
  try {
    await engine.start('template');
    for (;;) {
      const [row] =
        await sql`select 1 as there from unit_of_works where client_id = 'template' and status = 'completed'`;
      if (row) break;
      await look();
    }
    await copy(sql, 'template', ids('waiting', 0, journeys));
    const evidence = (await sql`select count(*)::int as rows from evidence_current where client_id = 'template'`)[0]?.[
      'rows'
    ];
    await timed(journeys);
    const all = await timed(journeys);
    const some = await timed(changed);
    const set = await setBased(sql, journeys);
    print(`\n${journeys} waiting journeys, 4 criteria, ${evidence} current pieces of evidence each:`);
    print('| | s | journeys/s |\n|---|---|---|');
    print(`| all due, claims included | ${rounded(all / 1_000)} | ${Math.round(journeys / (all / 1_000))} |`);
    print(`| ${changed} due among them | ${rounded(some / 1_000)} | ${Math.round(changed / (some / 1_000))} |`);
    print(
      `| one set-based query over 40 signals each | ${rounded(set / 1_000)} | ${Math.round(journeys / (set / 1_000))} |`,
    );
    print(`\nAll of them take ${rounded(all / set)} times the one query.`);
  } finally {
    await engine.stop();
    await sql.end();
  }
}

async function main(): Promise<void> {
  if (values.help) return print(USAGE);
  await using ending = new AsyncDisposableStack();
  const own = process.env['DATABASE_URL'] === undefined ? await startTestServer() : undefined;
  if (own) ending.defer(() => own.remove());
  const server = own?.url ?? process.env['DATABASE_URL'] ?? '';
  const scratch = mkdtempSync(join(tmpdir(), 'journey-scale-'));
  ending.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  ending.defer(() => admin.end());
  const inDatabase = async (name: string, work: (url: string) => Promise<void>): Promise<void> => {
    const [database, url] = [`journey_scale_${name}_${process.pid}`, new URL(server)];
    await admin.unsafe(`create database ${database}`);
    url.pathname = `/${database}`;
    try {
      await work(url.href);
    } finally {
      await admin.unsafe(`drop database if exists ${database} with (force)`);
    }
  };
  const sizes = values.stored.split(',').map(Number);
  await inDatabase('growth', (url) => growth(url, scratch, sizes, Number(values.journeys)));
  await inDatabase('evaluate', (url) => evaluation(url, scratch, Number(values.evaluate), Number(values.changed)));
  print(`\nLoad average at the end: ${rounded(loadavg()[0] ?? 0)}.`);
}

await main();
