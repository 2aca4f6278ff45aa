import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from '#adapters/postgres/database.ts';
import { openEmbedded } from '#adapters/postgres/embedded.ts';
import { openServer } from '#adapters/postgres/server.ts';
import type { Principal } from '#application/principal.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { goodSearch, searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { runProgram } from '#test/support/postgres/binaries.ts';
import { freshDatabase, serverUrl } from '#test/support/postgres/fresh.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';

const [pgDump, pgRestore] = [programNamed('pg_dump'), programNamed('pg_restore')];
const CLIENTS = ['acme', 'globex', 'initech'];
const admin: Principal = {
  id: 'root',
  kind: 'user',
  roles: ['admin'],
  clients: null,
  evidenceKinds: [],
  intents: null,
};
const whole = { whole: [], clients: CLIENTS.map((client_id) => ({ client_id, violations: [] })) };

const document = smallDocument([{ id: 'pilot', criteria: [searchQuality()] }, { id: 'production' }]);
const open = (database: Database): Promise<Engine> =>
  engineOn({ database, functions: scriptedAgents().functions, settings: { document } });

/** What was restored is whole, and its journeys reach production in it. */
async function goOn(engine: Engine): Promise<void> {
  expect(await engine.call('store.verify', {}, admin)).toMatchObject(whole);
  for (const client_id of CLIENTS) {
    const observations = [{ kind: 'search_quality', value: goodSearch }];
    await engine.call('evidence.record', { client_id, observations });
    await engine.until(client_id, ({ stage }) => stage === 'production', 30_000);
  }
  expect(await engine.call('store.verify', {}, admin)).toMatchObject(whole);
}

describeWhere(pgDump !== undefined && pgRestore !== undefined, 'a backup of a server', 'pg_dump is not here', () => {
  test('that pg_dump takes while journeys run is restored whole, and the journeys go on in it', async () => {
    await using closing = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'journey-backup-'));
    closing.defer(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'journey.dump');
    const old = await freshDatabase();
    closing.defer(() => old.drop());
    const before = await open(old.database);
    closing.defer(() => before.stop());
    for (const client of CLIENTS) await before.call('journey.start', startInput(client));
    await runProgram(pgDump ?? '', ['--format=custom', `--file=${file}`, old.url], undefined);
    const shown = await Promise.all(CLIENTS.map((client) => before.show(client)));

    // Whatever happens after the backup is lost with the old database.
    await before.call('journey.start', startInput('too-late'));
    await before.stop();

    const name = `journey_restored_${randomBytes(6).toString('hex')}`;
    const server = await openServer({ server: await serverUrl(), poolMax: 1 });
    closing.defer(async () => {
      await server.query(`drop database if exists ${name} with (force)`);
      await server.close();
    });
    await server.query(`create database ${name} template template0`);
    const url = Object.assign(new URL(old.url), { pathname: `/${name}` }).href;
    await runProgram(pgRestore ?? '', ['--exit-on-error', '--no-owner', `--dbname=${url}`, file], undefined);

    const after = await open(await openServer({ server: url }));
    closing.defer(() => after.stop());
    expect(await Promise.all(CLIENTS.map((client) => after.show(client)))).toMatchObject(
      shown.map(({ client_id, stage, version }) => ({ client_id, stage, version })),
    );
    await goOn(after);
  }, 120_000);
});

test('a copy of the data directory of a process that has ended is a backup', async () => {
  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'journey-backup-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const [original, copy] = [join(folder, 'original'), join(folder, 'copy')];
  const before = await open(await openEmbedded({ dataDir: original, startedAt: 0 }));
  closing.defer(() => before.stop());
  for (const client of CLIENTS) await before.call('journey.start', startInput(client));
  await before.stop();
  await cp(original, copy, { recursive: true });
  await rm(original, { recursive: true });

  const after = await open(await openEmbedded({ dataDir: copy, startedAt: 0 }));
  closing.defer(() => after.stop());
  await goOn(after);
  expect((await after.call('journey.list', {})).journeys).toHaveLength(CLIENTS.length);
}, 120_000);
