import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import type { Principal } from '#application/principal.ts';
import { postgresRetentionStore } from '#adapters/postgres/retention-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { appendOnly } from '#adapters/postgres/grants.ts';
import { migrate, migrationsDirectory } from '#adapters/postgres/migrate.ts';
import { clockProbe, rightsProbe } from '#adapters/postgres/server-probes.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { deafCrm, olga, openPilot, quiet, settingsWith } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, serverUrl, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const ada: Principal = { ...olga, id: 'ada', roles: ['admin'] };
/** Roles belong to the server, which other tests share. */
const suffix = `${process.pid}_${process.hrtime.bigint() % 1_000_000n}`;
const [owner, application] = [`owner_${suffix}`, `application_${suffix}`];

let at: FreshDatabase;
let database: Database;
let engine: Engine;

/** What docs/operations.md tells an operator to run, with names of our own. */
function documented(): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const block = /```sql\n([^]*?)```/.exec(text)?.[1] ?? '';
  return block
    .replaceAll('journey_owner', owner)
    .replaceAll('journey_orchestrator', application)
    .split(';')
    .map((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim())
    .filter((statement) => statement !== '' && !statement.startsWith('create database'));
}
const as = (user: string): Promise<Database> => {
  const url = new URL(at.url);
  url.username = user;
  url.password = '…';
  return openServer({ server: url.toString() });
};

beforeAll(async () => {
  at = await freshDatabase({ migrations: null });
  for (const statement of documented()) await at.database.query(statement);
  const url = new URL(at.url);
  const name = url.pathname.slice(1);
  await at.database.query(`alter database ${name} owner to ${owner}`);
  database = await as(application);
  engine = await engineOn({
    database,
    functions: scriptedAgents().functions,
    settings: {
      document: openPilot,
      ...deafCrm,
      store: {
        ...settingsWith('').store,
        kind: 'postgresql',
        host: url.hostname,
        port: Number(url.port),
        name,
        user: application,
        password: '…',
        sslmode: 'disable',
        migrationUser: owner,
        migrationPassword: '…',
      },
    },
  });
}, 240_000);
afterAll(async () => {
  await engine.stop();
  await at.drop();
  const superuser = await openServer({ server: await serverUrl(), poolMax: 1 });
  for (const role of [application, owner]) await superuser.query(`drop role if exists ${role}`);
  await superuser.close();
});

const refusal = (sql: string): Promise<unknown> =>
  database.query(sql).then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );

test('S9: as a user with the rights that are documented, and no more, it takes a journey its whole way', async () => {
  await engine.call('journey.start', startInput('acme'), olga, 'key');
  await engine.until('acme', ({ stage, units }) => stage === 'pilot' && units[0].status === 'completed', 120_000);
  await engine.call('evidence.record', {
    client_id: 'acme',
    observations: [{ kind: 'survey_response', subject: 'ann', value: { score: 4 } }],
  });
  await engine.call('journey.roll_back', { client_id: 'acme', reason: 'again' });
  expect(await engine.call('journey.complete', { client_id: 'acme', reason: 'over' })).toMatchObject({
    status: 'completed',
  });
});

test.each([
  ['change an event', `update journey_events set actor = 'nobody'`],
  ['delete an event', 'delete from journey_events'],
  ['change an observation', `update evidence set source = 'nobody'`],
  ['delete an observation', 'delete from evidence'],
  ['delete all events at once', 'truncate journey_events cascade'],
  ['change an entry of the audit', `update audit_log set actor = 'nobody'`],
  ['delete an entry of the audit', 'delete from audit_log'],
  ['change who activated a configuration', `update config_activations set activated_by = 'nobody'`],
  ['change what has been migrated', 'delete from schema_migrations'],
  ['change the schema', 'alter table journey_states add column more text'],
  ['make a table', 'create table more (n int)'],
  ['drop a table', 'drop table outbox'],
])('S9 I16: that user cannot %s', async (_what, sql) => {
  expect(await refusal(sql)).toBe('42501');
});

test('S9: doctor finds nothing amiss with those rights, and needs no more', async () => {
  const { probes } = await engine.call('server.check', {});
  const [found] = probes.filter(({ name }: { readonly name: string }) => name === 'database');
  const told = found.findings.map(({ state, said }: Record<string, string>) => `${state}: ${said}`).join('\n');
  expect(told).not.toContain('superuser');
  expect(told).toMatch(/ok: \d+ migrations/);
});

test('S9 S111: erasing and pruning are possible all the same, within their bounds', async () => {
  const erased = await engine.call('client.erase', { client_id: 'acme', reason: 'asked' }, ada);
  expect(erased.events).toBeGreaterThan(5);
  const later = Date.now() + 40 * DAY;
  const store = postgresRetentionStore(database);
  expect(await store.prune('completedJourneys', later, 10)).toBe(1);
  expect(await store.prune('evidenceHistory', later, 10)).toBeGreaterThan(0);
  expect((await engine.call('store.verify', {}, ada)).clients[0].violations).toEqual([]);
});

test('S9: whoever may not write events may not erase them either', async () => {
  await at.database.query(`create role reader_${suffix} login password '…'`);
  const reader = await as(`reader_${suffix}`);
  const erased = await reader.query(`select erase_events('acme', array[1], array['{}'::json])::int as count`);
  const pruned = await reader.query(`select prune_evidence(to_timestamp(4e9), 10)::int as count`);
  await reader.close();
  await at.database.query(`drop role reader_${suffix}`);
  expect([erased, pruned]).toEqual([[{ count: 0 }], [{ count: 0 }]]);
});

test('S9 I16: what that user does beside journeys is in the audit, and every table is open to it as documented', async () => {
  await engine.call('token.create', { name: 'ci', roles: ['viewer'] }, ada);
  await engine.call('token.revoke', { token: 'ci' }, ada);
  const { entries } = await engine.call('audit.list', { actor: 'ada', type: 'token_revoked' }, ada);
  expect(entries).toMatchObject([{ subject: 'ci', door: 'rest' }]);
  const rights = await database.query<{ name: string; rights: string }>(
    `select relname as name, concat_ws(', ', case when has_table_privilege(oid, 'select') then 'select' end,
       case when has_table_privilege(oid, 'insert') then 'insert' end, case when has_table_privilege(oid, 'update') then 'update' end,
       case when has_table_privilege(oid, 'delete') then 'delete' end, case when has_table_privilege(oid, 'truncate') then 'truncate' end) as rights
     from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')`,
  );
  const others = 'select, insert, update, delete';
  const odd = rights.filter((one) => one.rights !== others).map(({ name, rights: has }) => [name, has] as const);
  expect(rights.length).toBeGreaterThan(20);
  expect(Object.fromEntries(odd)).toEqual({
    ...Object.fromEntries(appendOnly.map((table) => [table, 'select, insert'])),
    schema_migrations: 'select',
    schema_migration_digests: 'select',
    uow_progress: 'select',
  });
});

test('S9: doctor says so, and of an owner the contrary', async () => {
  const signal = new AbortController().signal;
  expect(await rightsProbe(database).look(signal)).toMatchObject([{ state: 'ok' }]);
  const owning = await as(owner);
  expect(await rightsProbe(owning).look(signal)).toMatchObject([
    { state: 'warning', said: expect.stringContaining(appendOnly.join(', ')) },
  ]);
  expect(await clockProbe(owning, Date.now).look(signal)).toMatchObject([
    { said: expect.stringMatching(/this machine/) },
  ]);
  await owning.close();
});

test('S9: starting again gives no more, and what somebody gave by hand is taken back', async () => {
  const migrating = await as(owner);
  await migrating.query(`grant update, delete on audit_log, journey_events to ${application}`);
  expect(await refusal('delete from audit_log where false')).toBe('done');
  expect(await migrate(migrating, migrationsDirectory, quiet, { user: application })).toEqual([]);
  await migrating.close();
  expect(await refusal('delete from audit_log where false')).toBe('42501');
  expect(await refusal(`update journey_events set actor = 'nobody' where false`)).toBe('42501');
});
