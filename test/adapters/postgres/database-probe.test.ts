import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '#application/probes.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { databaseProbe, type DatabaseProbeOptions } from '#adapters/postgres/database-probe.ts';
import { migrationsDirectory } from '#adapters/postgres/migrate.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const never = new AbortController().signal;
const look = (database: DatabaseProbeOptions['database'], more: Partial<DatabaseProbeOptions> = {}) =>
  databaseProbe({ database, poolMax: 10, migrations: migrationsDirectory, now: Date.now, ...more }).look(never);
const said = (findings: readonly Finding[], state: Finding['state']): string =>
  findings.flatMap((one) => (one.state === state ? [one.said] : [])).join('\n');

/** The tests' own server is set up for speed; this is the same one with its safety on. */
const careful = (database: Database): Database => ({
  ...database,
  query: async (...asked) =>
    (await database.query<never>(...asked)).map((row) =>
      'fsync' in (row as object)
        ? Object.assign(row, { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' })
        : row,
    ),
});

describe('what doctor finds at a PostgreSQL server', () => {
  let at: FreshDatabase;
  beforeAll(async () => {
    at = await freshDatabase();
  });
  afterAll(() => at.drop());

  test('its version, encoding, durability, connections and migrations', async () => {
    await at.database.query(
      `insert into processes (name, started_at, lease_until) values
       ('a:1', to_timestamp(0), to_timestamp($1)), ('b:1', to_timestamp(0), to_timestamp($1)), ('gone:1', to_timestamp(0), to_timestamp(1))`,
      [Date.now()],
    );
    const findings = await look(careful(at.database));
    expect(said(findings, 'failed')).toBe('');
    expect(said(findings, 'ok')).toMatch(/PostgreSQL 1[5-9].*, UTF8, UTC, \d+ MiB/);
    expect(said(findings, 'ok')).toContain('fsync on, synchronous_commit on');
    expect(said(findings, 'ok')).toMatch(/2 replicas with up to 13 connections each: 26 of \d+/);
    expect(said(findings, 'ok')).toMatch(/\d+ migrations, up to \d{4}_/);
    // The tests' own user is one.
    expect(said(findings, 'warning')).toContain('superuser');
  });

  test('replicas that together want more connections than there are', async () => {
    const findings = await look(at.database, { poolMax: 1_000 });
    expect(said(findings, 'failed')).toContain('2006 of');
    expect(said(findings, 'failed')).toContain('too many');
  });

  test('a server that acknowledges what is not on disk', async () => {
    const url = new URL(at.url);
    url.searchParams.set('sslmode', 'disable');
    await at.database.query(`alter database ${url.pathname.slice(1)} set synchronous_commit = off`);
    const careless = await openServer({ server: url.toString() });
    try {
      const findings = await look(careless);
      expect(said(findings, 'failed')).toContain('synchronous_commit is off');
    } finally {
      await careless.close();
      await at.database.query(`alter database ${url.pathname.slice(1)} reset synchronous_commit`);
    }
  });

  test('a schema that is behind this version, or ahead of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'journey-migrations-'));
    try {
      cpSync(migrationsDirectory, folder, { recursive: true });
      writeFileSync(join(folder, '9999_later.sql'), 'select 1;');
      expect(said(await look(at.database, { migrations: folder }), 'failed')).toContain('missing: 9999_later');
      rmSync(join(folder, '9999_later.sql'));
      rmSync(join(folder, '0002_deliveries.sql'));
      expect(said(await look(at.database, { migrations: folder }), 'warning')).toContain(
        'A newer version has migrated: 0002_deliveries',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a server that is gone', async () => {
    const gone = await freshDatabase();
    await gone.drop();
    const findings = await look(gone.database);
    expect(findings).toMatchObject([{ state: 'failed', hint: expect.stringContaining('JOURNEY_STATE_DB_HOST') }]);
  });
});
