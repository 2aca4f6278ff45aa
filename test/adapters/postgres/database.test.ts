import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { timestamptz } from '#adapters/postgres/column-types.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { sqlState } from '#adapters/postgres/unavailable.ts';
import { freshDatabase, freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const stores = [
  ['a PostgreSQL server', freshDatabase],
  ['the embedded database', freshEmbedded],
] as const;

const stateOf = (work: Promise<unknown>): Promise<string | undefined> => work.then(() => undefined, sqlState);

describe.each(stores)('a database on %s', (_name, fresh) => {
  let at: FreshDatabase;
  let database: Database;

  beforeAll(async () => {
    at = await fresh({ migrations: null });
    database = at.database;
    await database.query('create table notes (id int primary key, text text, seen_at timestamptz, size bigint)');
  });
  afterAll(() => at.drop());

  const idsFrom = async (from: number): Promise<number[]> =>
    (await database.query<{ id: number }>('select id from notes where id >= $1 order by id', [from])).map(
      ({ id }) => id,
    );

  it('gives rows as objects', async () => {
    expect(await database.query('select $1::int as number, $2::text as text', [7, 'é'])).toEqual([
      { number: 7, text: 'é' },
    ]);
  });

  it('gives bigint and timestamptz as numbers, dates as text, and json parsed', async () => {
    const now = Date.UTC(2026, 10, 23, 5, 17, 0, 123);
    const [row] = await database.query(
      `select 9007199254740991::bigint as big, $1::timestamptz as at, array[$1::timestamptz, null] as ats, array[1, 2]::bigint[] as bigs,
         'infinity'::timestamptz as forever, date '2026-11-23' as day, '{"a": [1]}'::jsonb as json, null::timestamptz as never`,
      [timestamptz(now)],
    );
    expect(row).toEqual({
      big: Number.MAX_SAFE_INTEGER,
      at: now,
      ats: [now, null],
      bigs: [1, 2],
      forever: Number.POSITIVE_INFINITY,
      day: '2026-11-23',
      json: { a: [1] },
      never: null,
    });
  });

  it('refuses a bigint that a number cannot hold', async () => {
    await expect(database.query('select 9007199254740993::bigint as big')).rejects.toThrow('9007199254740993');
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('keeps sessions in UTC', async () => {
    expect(await database.query(`select current_setting('timezone') as zone`)).toEqual([{ zone: 'UTC' }]);
  });

  it('tells its time', async () => {
    // The server is on this machine, and so are both clocks.
    const before = Date.now();
    const told = await database.time();
    expect(told).toBeGreaterThanOrEqual(before - 1);
    expect(told).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('keeps what a transaction did, and gives back what it returned', async () => {
    const answer = await database.transaction(async (query) => {
      await query('insert into notes (id) values ($1)', [100]);
      return query('insert into notes (id) values ($1) returning id', [101]);
    });
    expect(answer).toEqual([{ id: 101 }]);
    expect(await idsFrom(100)).toEqual([100, 101]);
  });

  it('undoes a transaction that throws, and throws what it threw', async () => {
    const work = database.transaction(async (query) => {
      await query('insert into notes (id) values (200)');
      throw new Error('thought better of it');
    });
    await expect(work).rejects.toThrow('thought better of it');
    expect(await idsFrom(200)).toEqual([]);
  });

  it('does not call a transaction committed whose statement failed, even when the failure was swallowed', async () => {
    const work = database.transaction(async (query) => {
      await query('insert into notes (id) values (300)');
      await query('select 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await idsFrom(300)).toEqual([]);
  });

  it('reads one snapshot under repeatable read, and refuses to write under read only', async () => {
    const mode = { isolation: 'repeatable read', readOnly: true } as const;
    const level = await database.transaction((query) => query('show transaction_isolation'), mode);
    expect(level).toEqual([{ transaction_isolation: 'repeatable read' }]);
    const write = database.transaction((query) => query('insert into notes (id) values (400)'), mode);
    await expect(write).rejects.toThrow('A read-only transaction tried to write.');
    expect(await idsFrom(400)).toEqual([]);
  });

  it('passes on what is wrong with a statement as PostgreSQL said it, and goes on', async () => {
    await database.query('insert into notes (id) values (500)');
    expect(await stateOf(database.query('insert into notes (id) values ($1)', [500]))).toBe('23505');
    expect(await stateOf(database.query('select * from nowhere', [], 'nowhere'))).toBe('42P01');
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('gives each connection its own prepared statements, also under the same name', async () => {
    const [one, two] = await Promise.all([database.connect(), database.connect()]);
    for (const round of [1, 2]) {
      const first = one.query({ name: 'same', text: 'select $1::int as a', values: [round] });
      const second = two.query({ name: 'same', text: 'select $1::text as b', values: ['x'] });
      expect(await first).toEqual({ rows: [{ a: round }] });
      expect(await second).toEqual({ rows: [{ b: 'x' }] });
    }
    await Promise.all([one.end(), two.end()]);
  });

  it('runs transactions of many callers, each whole', async () => {
    await database.query('create table counter (value int)');
    await database.query('insert into counter values (0)');
    const raise = () =>
      database.transaction(async (query) => {
        const [row] = await query<{ value: number }>('select value from counter for update');
        await query('update counter set value = $1', [(row?.value ?? 0) + 1]);
      });
    await Promise.all(Array.from({ length: 40 }, raise));
    expect(await database.query('select value from counter')).toEqual([{ value: 40 }]);
  });

  it('answers pipelined statements in order, the good ones around a bad one too', async () => {
    const connection = await database.connect({ pipeline: true });
    const answers = await Promise.allSettled([
      connection.query({ text: 'select $1::int as n', values: [1] }),
      connection.query({ text: 'select 1 / $1::int as n', values: [0] }),
      connection.query({ text: 'begin' }),
      connection.query({ name: 'third', text: 'select $1::int as n', values: [3] }),
      connection.query({ name: 'third', text: 'select $1::int as n', values: [4] }),
      connection.query({ text: 'commit' }),
    ]);
    expect(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.rows : sqlState(answer.reason))),
    ).toEqual([[{ n: 1 }], '22012', [], [{ n: 3 }], [{ n: 4 }], []]);
    await connection.end();
  });

  it('carries results of many megabytes', async () => {
    const rows = await database.query<{ n: number; text: string }>(
      `select n, repeat(chr(65 + n % 26), 10000) as text from generate_series(1, 2000) n`,
    );
    expect(rows).toHaveLength(2000);
    expect(rows.every(({ n, text }) => text === String.fromCodePoint(65 + (n % 26)).repeat(10_000))).toBe(true);
  });

  it('carries parameters of many megabytes', async () => {
    const text = 'ü'.repeat(4_000_000);
    expect(await database.query('select length($1::text) as length', [text])).toEqual([{ length: 4_000_000 }]);
  });

  it('tells listeners what others notify once that is committed', async () => {
    const heard: string[] = [];
    const listener = await database.connect();
    const all = Promise.withResolvers<void>();
    await listener.listen('work', (payload) => {
      heard.push(payload);
      if (payload === 'last') all.resolve();
    });
    await database
      .transaction(async (query) => {
        await query(`select pg_notify('work', 'never')`);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await database.query(`select pg_notify('work', $1)`, ['first']);
    await database.query(`select pg_notify('play', $1)`, ['elsewhere']);
    await database.transaction((query) => query(`select pg_notify('work', 'last')`));
    await all.promise;
    expect(heard).toEqual(['first', 'last']);
    await listener.end();
  });

  it('rolls back what a connection left open when it ends or is cut', async () => {
    const [ended, cut] = [await database.connect(), await database.connect()];
    await ended.query({ text: 'begin' });
    await ended.query({ text: 'insert into notes (id) values (600)' });
    await ended.end();
    await cut.query({ text: 'begin' });
    await cut.query({ text: 'insert into notes (id) values (601)' });
    const waiting = database.query('insert into notes (id) values (601)');
    cut.client.connection.stream.destroy();
    await cut.ended;
    expect(cut.lost()).toBe(true);
    await waiting;
    expect(await idsFrom(600)).toEqual([601]);
  });

  it('says store.unavailable on a connection that was cut, and connects again', async () => {
    const connection = await database.connect();
    connection.client.connection.stream.destroy();
    await connection.ended;
    const answer = connection.query({ text: 'select 1' });
    await expect(answer).rejects.toMatchObject({ code: 'store.unavailable', retryable: true });
    const again = await database.connect();
    expect(await again.query({ text: 'select 1 as one' })).toEqual({ rows: [{ one: 1 }] });
    await again.end();
  });
});

describe.each(stores)('closing a database on %s', (_name, fresh) => {
  it('ends its connections and refuses what comes after', async () => {
    const at = await fresh({ migrations: null });
    const connection = await at.database.connect();
    await at.database.query('select 1');
    await at.drop();
    await connection.ended;
    await expect(at.database.query('select 1')).rejects.toMatchObject({ code: 'store.unavailable' });
    await expect(at.database.connect()).rejects.toMatchObject({ code: 'store.unavailable' });
  });
});
