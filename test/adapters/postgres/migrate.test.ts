import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { migrate } from '#adapters/postgres/migrate.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { freshDatabase, freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
let directory: string;
let at: FreshDatabase;

const file = (name: string, sql: string): Promise<void> => writeFile(join(directory, name), sql);
const run = (): Promise<readonly string[]> => migrate(at.database, directory, quiet);
const tables = async (): Promise<string[]> => {
  const rows = await at.database.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'schema_%' order by 1`,
  );
  return rows.map(({ name }) => name);
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journey-migrations-'));
  await file('0001_first.sql', 'create table one (id int primary key);\n-- A comment at the end.');
  await file('0002_second.sql', 'insert into one select generate_series(1, 500); create table two (id int);');
});
afterEach(async () => {
  await at.drop();
  await rm(directory, { recursive: true, force: true });
});

describe.each([
  ['a PostgreSQL server', freshDatabase],
  ['the embedded database', freshEmbedded],
] as const)('migrating %s', (_name, fresh) => {
  beforeEach(async () => {
    at = await fresh({ migrations: null });
  });

  it('applies the files in order, says which, and applies each once', async () => {
    await file('README.md', 'Not a migration.');
    expect(await run()).toEqual(['0001_first', '0002_second']);
    expect(await run()).toEqual([]);
    await file('0003_third.sql', 'drop table two;');
    expect(await run()).toEqual(['0003_third']);
    expect(await tables()).toEqual(['one']);
  });

  it('gathers statistics, so that the first plans are good', async () => {
    await run();
    expect(await at.database.query(`select reltuples from pg_class where relname = 'one'`)).toEqual([
      { reltuples: 500 },
    ]);
  });

  it('applies all of them or none', async () => {
    await file('0003_third.sql', 'create table three (id int); select * from nowhere;');
    await expect(run()).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining('nowhere'),
    });
    expect(await tables()).toEqual([]);
    await file('0003_third.sql', 'create table three (id int);');
    expect(await run()).toHaveLength(3);
  });

  it('refuses a file that was changed after it was applied', async () => {
    await run();
    await file('0001_first.sql', 'create table one (id bigint primary key);');
    await expect(run()).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining('0001_first.sql'),
      hint: expect.stringContaining('new migration'),
    });
  });

  it('refuses a file that comes before one already applied', async () => {
    await rm(join(directory, '0001_first.sql'));
    await file('0002_second.sql', 'create table two (id int);');
    await run();
    await file('0001_first.sql', 'create table one (id int);');
    await expect(run()).rejects.toThrow('0001_first');
  });

  it.each([
    ['1_short.sql', 'select 1;', 'not named like'],
    [
      '0003_marked.sql',
      'create table a (id int);\n-- Down migration is not offered.\ncreate table b (id int);',
      'comment',
    ],
  ])('refuses the file %s, of which not all would run', async (name, sql, problem) => {
    await file(name, sql);
    await expect(run()).rejects.toThrow(problem);
    expect(await tables()).toEqual([]);
  });
});

async function migratorInTheMiddle(): Promise<number> {
  const [row] = await at.database.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query like '%create table two%'`,
  );
  return row?.pid ?? migratorInTheMiddle();
}

describe('replicas that migrate at once', () => {
  beforeEach(async () => {
    at = await freshDatabase({ migrations: null });
  });

  it('wait for each other: one applies, the others find nothing to do', async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => openServer({ server: at.url })));
    const applied = await Promise.all(replicas.map((replica) => migrate(replica, directory, quiet)));
    expect(applied.flat()).toEqual(['0001_first', '0002_second']);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('go on when the one that is at it is killed in the middle', async () => {
    // The second migration waits at this lock, which stands for its work.
    await file('0002_second.sql', 'select pg_advisory_xact_lock(1); create table two (id int);');
    const gate = await at.database.connect();
    await gate.query({ text: 'select pg_advisory_lock(1)' });
    const [first, second] = await Promise.all([openServer({ server: at.url }), openServer({ server: at.url })]);
    const killed = migrate(first, directory, quiet).catch((error: unknown) => error);
    const pid = await migratorInTheMiddle();
    const waiting = migrate(second, directory, quiet);
    await at.database.query('select pg_terminate_backend($1)', [pid]);
    expect(await killed).toMatchObject({ code: 'store.unavailable' });
    await gate.end();
    expect(await waiting).toEqual(['0001_first', '0002_second']);
    expect(await tables()).toEqual(['one', 'two']);
    await Promise.all([first.close(), second.close()]);
  });
});
