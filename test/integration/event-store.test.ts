import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventIdOf } from '#src/composition/event-store.ts';
import { eventually, type Output } from '#test/support/engine/orchestrator.ts';
import { eventStoreDouble, type EventStoreDouble } from '#test/support/event-store/event-store-double.ts';
import { startProduct, type Product } from '#test/support/product/product.ts';

const startJourney = (product: Product, client_id: string) =>
  product.post('/api/v1/journeys', { client_id, data_sources: ['jira'] }).catch(() => undefined);
const recorded = async (product: Product, client: string) =>
  ((await product.get(`/api/v1/journeys/${client}/history?limit=200`)).body.events as Output[]).map(
    ({ seq, type }) => ({ id: eventIdOf(client, seq), type: String(type) }),
  );
describe('the event store in the whole product', { timeout: 240_000 }, () => {
  let double: EventStoreDouble;
  let folder: string;
  beforeEach(async () => {
    double = await eventStoreDouble({ repeats: 'refused' });
    folder = await mkdtemp(join(tmpdir(), 'journey-event-store-'));
  });
  afterEach(async () => {
    await double[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (): Promise<Product> =>
    startProduct({
      JOURNEY_DATA_DIR: join(folder, 'data'),
      JOURNEY_EVENT_STORE: 'eventstoredb',
      JOURNEY_EVENT_STORE_HOST: '127.0.0.1',
      JOURNEY_EVENT_STORE_PORT: String(double.port),
      JOURNEY_EVENT_STORE_TLS: 'false',
    });
  const streamed = (client: string) =>
    (double.table.read(`journey-${client}`) ?? []).map(({ id, type }) => ({ id, type }));
  /** Journeys go on meanwhile: what has been recorded by now has to come, and come first. */
  const copied = async (product: Product, clients: readonly string[]): Promise<void> => {
    for (const client of clients) {
      const events = await recorded(product, client);
      expect(events.length).toBeGreaterThan(0);
      await eventually(
        () => Promise.resolve(streamed(client)),
        ({ length }) => length >= events.length,
        120_000,
      );
      expect(streamed(client).slice(0, events.length)).toEqual(events);
    }
  };

  test('S16: killed by -9 in the middle of copying, it goes on where the streams end: every event once, in order', async () => {
    const clients = Array.from({ length: 12 }, (_, index) => `client-${index}`);
    const killed = await start();
    const starting = clients.map((client) => startJourney(killed, client));
    await eventually(
      () => Promise.resolve(double.calls.length),
      (calls) => calls >= 3,
      60_000,
    );
    await killed.kill();
    await Promise.all(starting);

    await using product = await start();
    for (const client of clients) await startJourney(product, client);
    await copied(product, clients);
    const verified = await product.get('/api/v1/verify?limit=200');
    expect(verified.body.clients).toHaveLength(clients.length);
    expect(verified.body.clients.flatMap(({ violations }: Output) => violations)).toEqual([]);
  });

  test('S11 S120: without its event store it starts, is ready but degraded, and works', async () => {
    double.down();
    await using product = await start();
    for (let client = 0; client < 6; client += 1)
      expect(await startJourney(product, `client-${client}`)).toMatchObject({ status: 201 });
    const degraded = await eventually(
      async () => (await product.get('/ready')).body,
      ({ checks }) => checks.event_store !== 'ok',
      60_000,
    );
    expect(degraded).toMatchObject({ status: 'degraded' });
    expect(degraded.checks.event_store).toContain('down');
    const metrics = await (await fetch(`${product.url}/metrics`)).text();
    expect(Number(/^journey_event_store_events_behind (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    expect(await product.post('/api/v1/journeys/client-5/event-stream/resume', {})).toMatchObject({
      status: 409,
      body: { code: 'event_store.not_parked' },
    });
  });
});
