import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { sleep } from '#adapters/clock.ts';
import { cryptoIds } from '#adapters/ids.ts';
import { httpApp } from '#http/app.ts';
import { serve } from '#http/serve.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { openPilot, quiet } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';
import { wideEntrance } from '#test/support/http/wide-entrance.ts';

const top = join(import.meta.dirname, '../..');
const prometheus = programNamed('prometheus');
const promtool = programNamed('promtool');
const CLIENTS = 6;

type Panel = { readonly title: string; readonly type: string; readonly targets?: readonly { readonly expr: string }[] };
const dashboard = JSON.parse(readFileSync(join(top, 'grafana/journey-orchestrator-dashboard.json'), 'utf8')) as {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
};

describeWhere(
  prometheus !== undefined && promtool !== undefined,
  'a real Prometheus that scrapes two replicas',
  'there is no prometheus here; apt-get install prometheus brings it',
  () => {
    let at: FreshDatabase;
    let url: string;
    let server: ChildProcess;
    let folder: string;
    const engines: Engine[] = [];
    const closing: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      at = await freshDatabase();
      folder = mkdtempSync(join(tmpdir(), 'journey-prometheus-'));
      const addresses: string[] = [];
      for (let replica = 0; replica < 2; replica += 1) addresses.push(await startReplica());
      await startPrometheus(addresses);
      // Counters are read as increases: the first scrape must have seen them at nothing.
      await eventually(
        () => values('up'),
        (found) => found.length === 2 && found.every((up) => up === 1),
        60_000,
      );
      // One of them enters the pilot twice.
      await drive();
      await eventually(
        () => values('sum(journey_transition_total{to_stage="pilot",result="success"})'),
        ([count]) => count === CLIENTS + 1,
        60_000,
      );
    }, 240_000);
    afterAll(async () => {
      if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
      for (const close of closing) await close();
      for (const engine of engines) await engine.stop();
      await at.drop();
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    async function startReplica(): Promise<string> {
      const engine = await engineOn({
        database: at.database,
        functions: scriptedAgents().functions,
        settings: { document: openPilot },
        keepDatabase: true,
      });
      engines.push(engine);
      const { execute, authenticate, readiness, metrics } = engine.orchestrator;
      const app = httpApp({
        execute,
        entrance: wideEntrance(authenticate),
        readiness,
        metrics,
        catalogue,
        ids: cryptoIds,
        logger: quiet,
        now: () => performance.now(),
        version: '0',
      });
      const { port, close } = await serve({ app, host: '127.0.0.1', port: 0, logger: quiet, sleep });
      closing.push(() => close(0));
      return `127.0.0.1:${port}`;
    }

    async function startPrometheus(targets: readonly string[]): Promise<void> {
      const job = { job_name: 'journey-orchestrator', scrape_interval: '1s', static_configs: [{ targets }] };
      const config = join(folder, 'prometheus.yml');
      // JSON is YAML.
      writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
      const address = `127.0.0.1:${await freePort()}`;
      url = `http://${address}`;
      const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
      server = spawn(prometheus ?? '', args, { stdio: 'ignore' });
    }

    async function query(expr: string): Promise<readonly Output[]> {
      try {
        const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
        const { data } = (await answer.json()) as Output;
        return data.result as readonly Output[];
      } catch {
        return [];
      }
    }
    const values = async (expr: string): Promise<readonly number[]> =>
      (await query(expr)).map(({ value }) => Number(value[1]));

    /** Journeys over both replicas, one of which goes back, and evidence that lets criteria be judged. */
    async function drive(): Promise<void> {
      for (let index = 0; index < CLIENTS; index += 1) {
        const engine = engines[index % 2] as Engine;
        await engine.call('journey.start', startInput(`client-${index}`));
      }
      for (let index = 0; index < CLIENTS; index += 1)
        await (engines[0] as Engine).until(
          `client-${index}`,
          ({ stage, units }) => stage === 'pilot' && units.every(({ status }: Output) => status === 'completed'),
          60_000,
        );
      await (engines[1] as Engine).call('journey.roll_back', { client_id: 'client-0', reason: 'a drill' });
      await (engines[1] as Engine).until(
        'client-0',
        ({ stage, stage_entry }) => stage === 'pilot' && stage_entry > 3,
        60_000,
      );
    }

    test('S125 S126: takes the state of all replicas once, not once a replica', async () => {
      await eventually(
        () => query('max by (stage) (journey_active_count)'),
        (found) => found.some(({ metric, value }) => metric.stage === 'pilot' && Number(value[1]) === CLIENTS),
        60_000,
      );
      const each = await eventually(
        () => values('journey_active_count{stage="pilot"}'),
        (found) => found.length === 2 && found.every((count) => count === CLIENTS),
        60_000,
      );
      expect(each, 'every replica says the whole').toEqual([CLIENTS, CLIENTS]);
    });

    test('S134 S135 S136: every expression of the dashboard gives data', async () => {
      const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr }) => ({ title, expr })),
      );
      expect(expressions.length).toBeGreaterThan(15);
      for (const { title, expr } of expressions) {
        // Destinations and alerts are empty while nothing waits and nothing is wrong: there the metric itself must be known.
        const empty = / > 0$|outbox/.test(expr);
        const asked = empty
          ? expr.replace(/ > 0$/, '').replace(/^max by .*outbox.*$/, 'count(journey_poll_lag_seconds)')
          : expr;
        await eventually(
          () => query(asked),
          (found) => found.length > 0,
        ).catch((error: unknown) => {
          throw new Error(`${title}: ${expr} gives nothing`, { cause: error });
        });
      }
    }, 120_000);

    test('S136: rollbacks of a day are a number of rollbacks, not a rate a second', async () => {
      const [rollbacks] = await eventually(
        () => values('sum(increase(journey_rollback_total[24h]))'),
        (found) => found.length > 0,
      );
      expect(rollbacks).toBeGreaterThanOrEqual(0);
      expect(await values('sum(journey_rollback_total)')).toEqual([1]);
    });

    test('promtool finds nothing in the metrics but the name that the guide gives', async () => {
      const { text } = await (engines[0] as Engine).orchestrator.metrics();
      let said = '';
      try {
        execFileSync(promtool ?? '', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        said = (error as { stderr?: string }).stderr ?? String(error);
      }
      const complaints = said
        .split('\n')
        .filter((line) => line.startsWith('journey_') && !line.startsWith('journey_active_count'));
      expect(
        complaints.filter(
          (line) => !line.startsWith('journey_queued_count') && !line.startsWith('journey_paused_count'),
        ),
      ).toEqual([]);
    });

    test('S137: the alert rules do what their tests say', () => {
      const tests = join(top, 'grafana/journey-orchestrator-alerts.test.yaml');
      const said = execFileSync(promtool ?? '', ['test', 'rules', tests], { encoding: 'utf8', stdio: 'pipe' });
      expect(said).toContain('SUCCESS');
    });
  },
);

test('S133: the dashboard is the plain form that Grafana provisions, with what a panel needs', () => {
  expect(dashboard).toMatchObject({ title: 'Journey Orchestration', uid: 'journey-orchestration', schemaVersion: 42 });
  expect(dashboard).not.toHaveProperty('dashboard');
  const ids = dashboard.panels.map((panel) => (panel as unknown as { id: number }).id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const panel of dashboard.panels) {
    expect(panel).toMatchObject({ gridPos: { w: expect.any(Number) as number } });
    expect(['row', 'timeseries', 'stat']).toContain(panel.type);
    for (const target of panel.targets ?? [])
      expect(target).toMatchObject({ refId: expect.any(String) as string, datasource: { uid: '${datasource}' } });
  }
});

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
