import type { Duplex } from 'node:stream';
import { setImmediate as nextTurnOfTheEventLoop } from 'node:timers/promises';

import type { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Database } from '#adapters/postgres/database.ts';
import { serveEngine, startEngine } from '#adapters/postgres/embedded.ts';
import { pgliteWire, type Wire } from '#adapters/postgres/pglite-wire.ts';
import { frame, FRAME, simpleQuery, startupFrame, SYNC } from '#adapters/postgres/wire-frames.ts';

let engine: PGlite;
let snapshot: Blob;
let wire: Wire;

beforeAll(async () => {
  engine = await startEngine();
  snapshot = await engine.dumpDataDir('none');
  wire = pgliteWire(async () => engine);
});
afterAll(() => wire.close());

async function client(): Promise<Client> {
  const connected = new Client({ stream: wire.connect, user: 'postgres', password: 'postgres', ssl: false });
  connected.on('error', () => undefined);
  await connected.connect();
  return connected;
}

/** The type letters of the frames that come back until ReadyForQuery, which shows its status. */
async function answerTo(socket: Duplex, ...writes: readonly Buffer[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = Buffer.alloc(0);
  const hear = (data: Buffer): void => {
    heard = Buffer.concat([heard, data]);
    const letters: string[] = [];
    for (let at = 0; at < heard.length; at += 1 + heard.readInt32BE(at + 1)) {
      letters.push(String.fromCodePoint(heard[at] ?? 0));
      if (heard[at] === FRAME.readyForQuery) resolve(`${letters.join('')}:${String.fromCodePoint(heard[at + 5] ?? 0)}`);
    }
  };
  socket.on('data', hear);
  for (const bytes of writes) socket.write(bytes);
  const letters = await promise;
  socket.off('data', hear);
  return letters;
}

const parse = (name: string, sql: string): Buffer =>
  frame(FRAME.parse, Buffer.from(`${name}\0${sql}\0`), Buffer.alloc(2));
const bind = (name: string): Buffer => frame(FRAME.bind, Buffer.from(`\0${name}\0`), Buffer.alloc(6));
const execute = frame(0x45, Buffer.alloc(5));
const flush = frame(FRAME.flush);

describe('the wire to the embedded database', () => {
  it('understands frames however they are cut into pieces', async () => {
    const socket = wire.connect();
    const bytes = Buffer.concat([startupFrame('postgres', 'postgres'), simpleQuery('select 1')]);
    const pieces = Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
    expect(await answerTo(socket, ...pieces)).toMatch(/^RS+K/);
    socket.destroy();
  });

  it('says no to encryption and goes on in clear', async () => {
    const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
    const socket = wire.connect();
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once('data', (data: Buffer) => resolve(data.toString()));
    socket.write(request);
    expect(await promise).toBe('N');
    expect(await answerTo(socket, startupFrame('postgres', 'postgres'))).toMatch(/^RS+KZ:I$/);
    socket.destroy();
  });

  it('answers flushed parts before their sync, and skips to the sync after an error', async () => {
    const socket = wire.connect();
    await answerTo(socket, startupFrame('postgres', 'postgres'));
    expect(await answerTo(socket, parse('', 'select 1'), flush, bind(''), execute, flush, SYNC)).toBe('12DCZ:I');
    expect(await answerTo(socket, parse('', 'selec 1'), flush, bind(''), execute, SYNC)).toBe('EZ:I');
    socket.destroy();
  });

  it('keeps the session while a connection has flushed but not synced, and frees it when that one dies', async () => {
    const [first, second] = [wire.connect(), wire.connect()];
    await answerTo(first, startupFrame('postgres', 'postgres'));
    await answerTo(second, startupFrame('postgres', 'postgres'));
    first.write(Buffer.concat([parse('s', 'select 1 / 0'), bind('s'), execute, flush]));
    const waiting = answerTo(second, parse('s', 'select 2'), bind('s'), execute, SYNC);
    await nextTurnOfTheEventLoop();
    first.destroy();
    expect(await waiting).toBe('12DCZ:I');
    second.destroy();
  });

  it('forgets the prepared statements of connections that have ended', async () => {
    for (const name of ['a', 'b', 'c']) {
      const one = await client();
      await one.query({ name, text: 'select 1' });
      await one.end();
    }
    const one = await client();
    const { rows } = await one.query('select count(*)::int as count from pg_prepared_statements');
    expect(rows).toEqual([{ count: 0 }]);
    await one.end();
  });

  it('makes a connection wait for another one in a transaction, in the order of asking', async () => {
    const [holder, second, third] = [await client(), await client(), await client()];
    const done: string[] = [];
    const noted = (name: string) => () => void done.push(name);
    await holder.query('begin');
    const waiting = [second.query('select 2').then(noted('second')), third.query('select 3').then(noted('third'))];
    await holder.query('select 1').then(noted('holder'));
    await holder.query('commit');
    await Promise.all(waiting);
    expect(done).toEqual(['holder', 'second', 'third']);
    await Promise.all([holder.end(), second.end(), third.end()]);
  });

  it('lets go of a connection that is cut while it waits', async () => {
    const [holder, waiting, last] = [await client(), await client(), await client()];
    await holder.query('begin');
    const refused = waiting.query('select 1').then(
      () => 'answered',
      () => 'refused',
    );
    const answered = last.query('select 2 as two');
    waiting.connection.stream.destroy();
    expect(await refused).toBe('refused');
    await holder.query('rollback');
    expect((await answered).rows).toEqual([{ two: 2 }]);
    await Promise.all([holder.end(), last.end()]);
  });

  it('leaves the event loop its turns while a caller asks without pause', async () => {
    const one = await client();
    const asking = new AbortController();
    let turns = 0;
    const count = async (): Promise<void> => {
      await nextTurnOfTheEventLoop();
      turns += 1;
      if (!asking.signal.aborted) await count();
    };
    const counting = count();
    for (let asked = 0; asked < 100; asked += 1) await one.query('select 1');
    asking.abort();
    await counting;
    expect(turns).toBeGreaterThanOrEqual(100);
    await one.end();
  });

  it.each(['copy t from stdin', 'COPY t (a)\n FROM  STDIN with (format csv)'])(
    'refuses %j, which would hang it',
    async (sql) => {
      const one = await client();
      await one.query('create temporary table if not exists t (a int)');
      await expect(one.query(sql)).rejects.toMatchObject({ code: '0A000' });
      await expect(one.query({ name: 'copy', text: sql })).rejects.toMatchObject({ code: '0A000' });
      expect((await one.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await one.end();
    },
  );
});

describe('an embedded database whose engine stops', () => {
  it('cuts every connection, is never asked again, and a new connection opens it anew', async () => {
    let opened = 0;
    const open = (): Promise<PGlite> => {
      opened += 1;
      return startEngine({ loadDataDir: snapshot });
    };
    const database: Database = await serveEngine(open, 'in memory');
    const [one, two] = [await database.connect(), await database.connect()];
    await two.query({ text: 'select 1', name: 'kept' });
    // A frame of a type that does not exist: PostgreSQL gives up the connection, and PGlite has only one.
    one.client.connection.stream.write(Buffer.concat([frame(0x7e), SYNC]));
    await Promise.all([one.ended, two.ended]);
    await expect(two.query({ text: 'select 1' })).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(opened).toBe(2);
    await database.close();
  });

  it('says store.unavailable as long as it cannot be opened', async () => {
    const failures = [new Error('the disk is full')];
    const open = async (): Promise<PGlite> => {
      const failure = failures.pop();
      if (failure !== undefined) throw failure;
      return startEngine({ loadDataDir: snapshot });
    };
    await expect(serveEngine(open, 'in memory')).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'The embedded database in memory is not available: the disk is full',
    });
    const database = await serveEngine(open, 'in memory');
    const one = await database.connect();
    failures.push(new Error('the disk is still full'));
    one.client.connection.stream.write(Buffer.concat([frame(0x7e), SYNC]));
    await one.ended;
    await expect(database.query('select 1')).rejects.toThrow('the disk is still full');
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
  });
});
