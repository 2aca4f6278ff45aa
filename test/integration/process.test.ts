import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Output } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { serverVariables, startProduct, tryToStart, type Product } from '#test/support/product/product.ts';

const journey = { client_id: 'client-123', data_sources: ['salesforce', 'jira', 'confluence'] };
const logged = (product: Product, fits: (line: Output) => boolean): Promise<Output> =>
  eventually(() => Promise.resolve(product.log.find(fits)), Boolean);

describe('the process', () => {
  let at: FreshDatabase;
  beforeEach(async () => {
    at = await freshDatabase();
  });
  afterEach(() => at.drop());

  const onServer = (env: Readonly<Record<string, string>> = {}): Promise<Product> =>
    startProduct({ ...serverVariables(at.url), ...env });

  test('S6 S7 S8 S10 S139: on the server that the variables name a start is 201 with its address; the same key answers the same; another body or a second start is 409', async () => {
    await using product = await onServer();
    const key = { 'idempotency-key': 'first-start' };
    const first = await product.post('/api/v1/journeys', journey, key);
    expect([first.status, first.headers.get('location')]).toEqual([201, '/api/v1/journeys/client-123']);
    expect(await product.post('/api/v1/journeys', journey, key)).toMatchObject({ status: 201, body: first.body });
    expect(await product.post('/api/v1/journeys', { ...journey, data_sources: ['jira'] }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency.conflict' },
    });
    const second = await product.post('/api/v1/journeys', journey);
    expect(second).toMatchObject({ status: 409, body: { code: 'journey.exists' } });
    expect(JSON.stringify(second.body)).toContain('/api/v1/journeys/client-123');
    expect(await at.database.query('select client_id from journey_states')).toEqual([{ client_id: 'client-123' }]);
    expect(await product.stop()).toBe(0);
  }, 90_000);

  test('S148: its log is JSON lines that are found by client, journey, unit of work and trace', async () => {
    await using product = await onServer();
    const { headers } = await product.post('/api/v1/journeys', journey);
    const trace = headers.get('x-request-id');
    const entered = await logged(product, ({ message }) => message === 'A stage was entered.');
    expect(entered).toMatchObject({
      level: 'info',
      component: 'journeys',
      client_id: 'client-123',
      journey_id: 'client-123:1',
      trace_id: trace,
      stage: 'sandbox',
    });
    expect(new Date(entered.time).getTime()).toBeGreaterThan(Date.now() - 90_000);
    // Whoever asked is found by the same trace.
    expect(product.log.find((line) => line.trace_id === trace && line.route === '/api/v1/journeys')).toMatchObject({
      status: 201,
    });
    // Nobody listens where the config's agents are: the attempt fails, and the line says which.
    expect(await logged(product, ({ message }) => message === 'An attempt at a task has failed.')).toMatchObject({
      level: 'warn',
      component: 'task-executor',
      client_id: 'client-123',
      journey_id: 'client-123:1',
      work_id: 'uow-client-123:1:sandbox_setup',
      task_id: 'provision_infra',
      trace_id: expect.any(String) as string,
    });
  }, 90_000);

  test('S1: switched off it serves reads, health and writes, is ready and says so, and does nothing by itself', async () => {
    await using product = await onServer({
      JOURNEY_ORCHESTRATOR_ENABLED: 'false',
      JOURNEY_POLLING_CRON: '* * * * * *',
    });
    expect(await product.get('/ready')).toMatchObject({ status: 200, body: { mode: 'disabled' } });
    expect((await product.get('/health')).status).toBe(200);
    expect((await product.post('/api/v1/journeys', journey)).status).toBe(201);
    // Looks at queue and work come every second, polls as often: three of each would have been long enough.
    await eventually(() => product.get('/ready'), fourSecondsLater());
    const shown = await product.get('/api/v1/journeys/client-123');
    expect(shown.body).toMatchObject({ status: 'queued', version: 1, units: [] });
  }, 90_000);

  test('S1: a switch that is neither on nor off stops the start and is named', async () => {
    const refused = await tryToStart({ JOURNEY_ORCHESTRATOR_ENABLED: 'yes' });
    expect(refused).toMatchObject({ code: 1 });
    expect((refused as { err: string }).err).toMatch(/JOURNEY_ORCHESTRATOR_ENABLED.*yes.*must be true, false, 1 or 0/s);
  }, 60_000);

  test('S6 S7: host and port say where the database is; one that is not there is named, and the password never', async () => {
    const port = await freePort();
    const refused = await tryToStart({
      JOURNEY_STATE_STORE: 'postgresql',
      JOURNEY_STATE_DB_HOST: '127.0.0.1',
      JOURNEY_STATE_DB_PORT: String(port),
      JOURNEY_STATE_DB_PASSWORD: 'canary-of-a-password',
    });
    expect(refused).toMatchObject({ code: 1 });
    const { err } = refused as { err: string };
    expect(err).toContain(`127.0.0.1:${port}`);
    expect(err).not.toContain('canary-of-a-password');
  }, 60_000);
});

function fourSecondsLater(): () => boolean {
  const until = performance.now() + 4_000;
  return () => performance.now() > until;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => void probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => void probe.close(done));
  return port;
}
