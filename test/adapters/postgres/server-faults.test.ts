import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Query } from '#adapters/postgres/database.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { startTestServer } from '#test/support/postgres/test-server.ts';

const unavailable = { code: 'store.unavailable', status: 503, retryable: true };

const backend = async (query: Query): Promise<number> => {
  const [row] = await query<{ pid: number }>('select pg_backend_pid() as pid');
  return row?.pid ?? 0;
};

describe('a server that loses connections', () => {
  let at: FreshDatabase;
  const warnings: string[] = [];

  beforeAll(async () => {
    at = await freshDatabase({ migrations: null, logger: { warn: (message) => void warnings.push(message) } });
    await at.database.query('create table notes (id int)');
  });
  afterAll(() => at.drop());

  async function kill(pid: number): Promise<void> {
    const admin = await at.database.connect();
    await admin.query({ text: 'select pg_terminate_backend($1, 5000)', values: [pid] });
    await admin.end();
  }

  it('says store.unavailable when the backend dies inside a transaction, and goes on with another', async () => {
    const work = at.database.transaction(async (query) => {
      await query('insert into notes values (1)');
      await kill(await backend(query));
      await query('insert into notes values (2)');
    });
    await expect(work).rejects.toMatchObject(unavailable);
    expect(await at.database.query('select id from notes')).toEqual([]);
  });

  it('says so when the backend dies before the commit', async () => {
    const work = at.database.transaction(async (query) => {
      await query('insert into notes values (1)');
      await kill(await backend(query));
    });
    await expect(work).rejects.toMatchObject(unavailable);
    expect(await at.database.query('select id from notes')).toEqual([]);
  });

  it('survives the death of an idle connection and takes a new one', async () => {
    const pid = await backend(at.database.query);
    const before = warnings.length;
    await kill(pid);
    expect(await backend(at.database.query)).not.toBe(pid);
    expect(warnings.length).toBeGreaterThan(before);
  });

  it('tells the holder of a connection of its own that it is lost', async () => {
    const connection = await at.database.connect();
    const { rows } = await connection.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
    await kill(rows[0]?.pid ?? 0);
    await connection.ended;
    expect(connection.lost()).toBe(true);
    await expect(connection.query({ text: 'select 1' })).rejects.toMatchObject(unavailable);
    await connection.end();
  });

  it('keeps a connection whose statement was refused', async () => {
    const pid = await backend(at.database.query);
    await expect(at.database.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expect(await backend(at.database.query)).toBe(pid);
  });

  it('ends a statement that takes longer than the statement timeout', async () => {
    const hasty = await openServer({ server: at.url, statementTimeout_ms: 100 });
    await expect(hasty.query('select pg_sleep(60)')).rejects.toMatchObject({
      ...unavailable,
      hint: expect.stringContaining('statement timeout'),
    });
    const patient = await hasty.connect({ statementTimeout_ms: null });
    expect(await patient.query({ text: 'show statement_timeout' })).toEqual({ rows: [{ statement_timeout: '0' }] });
    await hasty.close();
  });
});

describe('an address without a database', () => {
  it('says store.unavailable when nobody listens, and never the password', async () => {
    const server = { host: '127.0.0.1', port: 1, name: 'journeys', user: 'me', password: 'canary-7f3' };
    const database = await openServer({ server, sslmode: 'disable' });
    const error: unknown = await database.query('select 1').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ ...unavailable, message: expect.stringContaining('127.0.0.1:1/journeys') });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary-7f3');
    await database.close();
    await expect(openServer({ server, sslmode: 'prefer' })).rejects.toMatchObject(unavailable);
  });

  it('gives up on one that accepts and says nothing', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const server = `postgres://me:canary-7f3@127.0.0.1:${port}/journeys?sslmode=disable`;
    const database = await openServer({ server, connectTimeout_ms: 50 });
    await expect(database.query('select 1')).rejects.toMatchObject(unavailable);
    await expect(database.connect()).rejects.toThrow(`127.0.0.1:${port}/journeys is not available`);
    await database.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('names what to look at: the user, the database', async () => {
    const at = await freshDatabase({ migrations: null });
    const wrongName = await openServer({ server: at.url.replace('/journey_test_', '/missing_') });
    await expect(wrongName.query('select 1')).rejects.toMatchObject({
      ...unavailable,
      hint: expect.stringContaining('name'),
    });
    await wrongName.close();
    await at.drop();
  });

  it('refuses an sslmode that it does not know', async () => {
    await expect(openServer({ server: 'postgres://me@localhost/x?sslmode=maybe' })).rejects.toMatchObject({
      code: 'settings.invalid',
      message: expect.stringContaining('maybe'),
    });
  });
});

describe('a server of its own', () => {
  it('comes back after a crash with all that was acknowledged; without SSL only disable and prefer reach it', async () => {
    const server = await startTestServer();
    try {
      const url = server.url.replace('?sslmode=disable', '');
      const database = await openServer({ server: url, sslmode: 'prefer' });
      await database.query('create table kept (id int)');
      await database.query('insert into kept values (1)');
      await server.stop('immediate');
      await expect(database.query('select 1')).rejects.toMatchObject(unavailable);
      await server.start();
      expect(await database.query('select id from kept')).toEqual([{ id: 1 }]);
      await database.close();
      for (const sslmode of ['require', 'verify-full'] as const) {
        const encrypted = await openServer({ server: url, sslmode });
        await expect(encrypted.query('select 1')).rejects.toThrow('does not support SSL');
        await encrypted.close();
      }
    } finally {
      await server.remove();
    }
  });
});
