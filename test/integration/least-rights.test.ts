import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import type { Principal } from '#application/principal.ts';
import { postgresRetentionStore } from '#adapters/postgres/retention-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { deafCrm, olga, openPilot, settingsWith } from '#test/support/engine/fixtures.ts';
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
  const [grants, revokes] = [
    documented().filter((one) => !one.startsWith('revoke')),
    documented().filter((one) => one.startsWith('revoke')),
  ];
  for (const statement of grants) await at.database.query(statement);
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
  for (const statement of revokes) await at.database.query(statement);
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
