import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventStore, StreamedEvent } from '#application/event-relay/event-store.ts';
import { sleep } from '#adapters/clock.ts';
import { kurrentEventStore, type KurrentOptions } from '#adapters/event-store/kurrent-event-store.ts';
import { eventStoreDouble, type EventStoreDouble } from '#test/support/event-store/event-store-double.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';

const event = (n: number, data: StreamedEvent['data'] = { n }): StreamedEvent => ({
  id: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`,
  type: 'stage_entered',
  data,
  metadata: { client_id: 'acme', seq: n },
});

describe('the event store through its own client', { timeout: 60_000 }, () => {
  let double: EventStoreDouble;
  let store: EventStore;
  const open = (options: Partial<KurrentOptions> = {}): EventStore =>
    kurrentEventStore({
      host: '127.0.0.1',
      port: double.port,
      tls: false,
      caFile: null,
      credentials: null,
      sleep,
      ...options,
    });

  beforeEach(async () => {
    double = await eventStoreDouble({ repeats: 'refused' });
    store = open();
  });
  afterEach(async () => {
    await store.close();
    await double[Symbol.asyncDispose]();
  });

  // Without a user the client batches, with one it sends each append on its own.
  test.each([
    ['batch_append', null],
    ['append', { username: 'journey', password: 'a-password' }],
  ])('S11: appends, expects and reads (%s)', async (how, credentials) => {
    store = open({ credentials });
    expect(await store.last('journey-acme')).toBeNull();
    expect(await store.read('journey-acme', 0, 10)).toEqual([]);
    expect(await store.append('journey-acme', null, [event(1), event(2)])).toEqual({ type: 'appended' });
    expect(await store.append('journey-acme', 1, [event(3, { ä: ['„', 1.5, null] })])).toEqual({ type: 'appended' });
    expect(await store.append('journey-acme', null, [event(1)])).toEqual({ type: 'unexpected' });
    expect(await store.append('journey-acme', 7, [event(9)])).toEqual({ type: 'unexpected' });
    expect(await store.last('journey-acme')).toEqual({
      revision: 2,
      ...event(3),
      data: { ä: ['„', 1.5, null] },
    });
    expect((await store.read('journey-acme', 1, 1)).map(({ revision }) => revision)).toEqual([1]);
    expect(new Set(double.calls.map((call) => call.how))).toEqual(new Set([how]));
  });

  test('S16: what stands before a truncation cannot be read any more; revisions go on', async () => {
    await store.append('journey-acme', null, [event(1), event(2), event(3)]);
    await store.truncateBefore('journey-acme', 2);
    expect((await store.read('journey-acme', 0, 10)).map(({ revision }) => revision)).toEqual([2]);
    expect(await store.append('journey-acme', 2, [event(4)])).toEqual({ type: 'appended' });
  });

  test('S12: a server that is away is told by its address, and used again when it is back', async () => {
    await store.append('journey-acme', null, [event(1)]);
    double.down();
    const message = `The event store at 127.0.0.1:${double.port} cannot be used`;
    for (const ask of [() => store.append('journey-acme', 0, [event(2)]), () => store.last('journey-acme')])
      await expect(ask()).rejects.toMatchObject({
        code: 'event_store.unavailable',
        message: expect.stringContaining(message),
      });
    await double.back();
    await expect
      .poll(() => store.append('journey-acme', 0, [event(2)]), { timeout: 30_000 })
      .toEqual({ type: 'appended' });
  });

  test('S14: a user who may not append is told, with what to look at', async () => {
    double.appends = 'denied';
    await expect(store.append('journey-acme', null, [event(1)])).rejects.toMatchObject({
      code: 'event_store.unavailable',
      hint: expect.stringContaining('JOURNEY_EVENT_STORE_USER'),
    });
  });

  test('S16: a server that takes an append and never answers is given up, and asked over a new connection', async () => {
    double.appends = 'silent';
    const waits: number[] = [];
    const hasty = open({
      sleep: async (wait_ms) => {
        waits.push(wait_ms);
        await expect.poll(() => double.calls.length, { timeout: 20_000 }).toBe(1);
      },
    });
    await expect(hasty.append('journey-acme', null, [event(1)])).rejects.toThrow('no answer within 10 s');
    expect(waits).toEqual([10_000]);
    await hasty.close();
    double.appends = 'answered';
    expect(await store.append('journey-acme', null, [event(1)])).toEqual({ type: 'appended' });
  });
});

const openssl = programNamed('openssl');
describeWhere(openssl !== undefined, 'the event store over TLS', 'openssl', () => {
  let folder: string;
  let double: EventStoreDouble;
  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'event-store-tls-'));
    const make = (name: string, ...more: readonly string[]): void => {
      const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
      execFileSync(openssl ?? '', ['req', ...kind, ...files, ...more], { stdio: 'ignore' });
    };
    make('authority', '-subj', '/CN=authority');
    // An authority that vouches for itself is not taken as a server's own certificate.
    const ofServer = [
      '-subj',
      '/CN=store',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-addext',
      'basicConstraints=CA:FALSE',
    ];
    make('server', ...ofServer, '-CA', at('authority.pem'), '-CAkey', at('authority.key'));
    const text = (name: string): string => readFileSync(at(name), 'utf8');
    double = await eventStoreDouble({ tls: { key: text('server.key'), certificate: text('server.pem') } });
  });
  afterEach(async () => {
    await double[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (caFile: string | null): EventStore =>
    kurrentEventStore({
      host: '127.0.0.1',
      port: double.port,
      tls: true,
      caFile,
      credentials: { username: 'journey', password: 'a-password' },
      sleep,
    });

  test('S15: the user is known to appends and reads, over a connection that our authority vouches for', async () => {
    const store = open(at('authority.pem'));
    expect(await store.append('journey-acme', null, [event(1)])).toEqual({ type: 'appended' });
    expect((await store.read('journey-acme', 0, 10)).map(({ id }) => id)).toEqual([event(1).id]);
    expect([...double.callers]).toEqual(['journey:a-password']);
    await store.close();
  });

  test('S15: a certificate that nobody vouches for is not talked to', async () => {
    const store = open(null);
    await expect(store.append('journey-acme', null, [event(1)])).rejects.toMatchObject({
      code: 'event_store.unavailable',
    });
    await expect(store.last('journey-acme')).rejects.toMatchObject({ code: 'event_store.unavailable' });
    expect(double.callers.size).toBe(0);
    await store.close();
  });
});
