import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '#core/time.ts';
import type { EventStore } from '#application/event-relay/event-store.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { postgresErasureStore } from '#adapters/postgres/erasure-store.ts';
import { postgresRetentionStore } from '#adapters/postgres/retention-store.ts';
import { eventIdOf } from '#src/composition/event-store.ts';
import { eventsOf } from '#test/support/engine/journal.ts';
import { eventStoreDouble, type EventStoreDouble } from '#test/support/event-store/event-store-double.ts';
import { eventStage, type EventStage } from '#test/support/event-store/event-stage.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

describe('the copy of the events in an event store', { timeout: 120_000 }, () => {
  let at: FreshDatabase;
  let double: EventStoreDouble;
  let stage: EventStage;

  beforeAll(async () => {
    at = await freshEmbedded();
  });
  afterAll(() => at.drop());
  beforeEach(async () => {
    await emptied(at.database);
    await stageOn(await eventStoreDouble());
  });
  afterEach(async () => {
    await stage.close();
    await double[Symbol.asyncDispose]();
  });
  const stageOn = async (server: EventStoreDouble): Promise<void> => {
    double = server;
    stage = await eventStage(at.database, double);
  };
  /** In place of the server of this test. */
  const onAnother = async (server: EventStoreDouble): Promise<void> => {
    await stage.close();
    await double[Symbol.asyncDispose]();
    await stageOn(server);
  };

  const streamed = (client: string) => double.table.read(`journey-${client}`) ?? [];
  const recorded = (client: string) => eventsOf(at.database, client);
  const expectWhole = async (client: string): Promise<void> => {
    const events = await recorded(client);
    expect(streamed(client).map(({ id, type, revision }) => ({ id, type, revision }))).toEqual(
      events.map(({ seq, type }) => ({ id: eventIdOf(client, seq), type, revision: seq - 1 })),
    );
  };
  const violations = async () =>
    (await stage.verify()).flatMap(({ clientId, violations: all }) =>
      all.filter(({ invariant }) => invariant === 'event_store').map(({ message }) => `${clientId}: ${message}`),
    );
  const filled = async (client: string, events: number): Promise<void> => {
    await at.database.query(
      `insert into journey_events (client_id, bucket, seq, type, data, actor, door, request_id, at)
       select client_id, bucket, version + n, 'evidence_recorded', json_build_object('observations', array[]::text[]), 'olga', 'rest', 'r' || n, updated_at
       from journey_states, generate_series(1, $2::int) as n where client_id = $1`,
      [client, events],
    );
    await at.database.query('update journey_states set version = version + $2 where client_id = $1', [client, events]);
  };

  test('S16: what is recorded is copied at once, in order, under ids that are the same everywhere', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    await stage.end('acme');
    relay.recorded(stage.journal.recordings);
    await relay.idle();
    await expectWhole('acme');
    const [first] = streamed('acme');
    expect(JSON.parse(first?.metadata ?? '')).toMatchObject({ client_id: 'acme', seq: 1, actor: 'olga', door: 'rest' });
    expect(eventIdOf('acme', 1)).toBe('1d417a95-a063-51a2-a76e-21d4fd5cebf3');
    expect(await violations()).toEqual([]);
  });

  test('S16: events that nobody has told of are found by a look: those of other replicas, and of the time before', async () => {
    await stage.begin('acme');
    await stage.begin('beta');
    await stage.look(stage.replica(1));
    await expectWhole('acme');
    await expectWhole('beta');
    expect(await stage.figures()).toMatchObject({ behind: 0, oldest_at: null, parked: 0 });
  });

  test('S16: an hour without the event store delays no journey, is told once, and is made up for in order', async () => {
    const relay = stage.replica(1);
    double.down();
    const before = stage.clock.journey();
    const clients = Array.from({ length: 12 }, (_, index) => `client-${index}`);
    for (const client of clients) {
      await stage.begin(client);
      relay.recorded(stage.journal.recordings.slice(-1));
      await stage.passing(relay, 5 * MINUTE, MINUTE);
      await stage.end(client);
    }
    const { behind, oldest_at } = await stage.figures();
    expect(behind).toBe((await eventsOf(at.database)).length);
    expect(stage.clock.journey() - (oldest_at ?? 0)).toBeGreaterThanOrEqual(HOUR);
    expect(oldest_at).toBe(before);
    expect(stage.alerts).toEqual(['breaker_open']);
    expect(double.table.names()).toEqual([]);
    await double.back();
    await stage.passing(relay, 5 * MINUTE, 10 * SECOND);
    for (const client of clients) await expectWhole(client);
    expect(await stage.figures()).toMatchObject({ behind: 0, oldest_at: null });
    expect(stage.breakers.isOpen('dependency:event_store')).toBe(false);
    expect(await violations()).toEqual([]);
  });

  test('S16: an answer that is lost leaves nothing twice, though the server has forgotten that it wrote', async () => {
    await onAnother(await eventStoreDouble({ repeats: 'refused' }));
    const relay = stage.replica(1);
    await stage.begin('acme');
    double.appends = 'lost';
    await stage.look(relay);
    expect(streamed('acme')).toHaveLength((await recorded('acme')).length);
    expect(await stage.figures()).not.toMatchObject({ behind: 0 });
    double.appends = 'answered';
    await stage.end('acme');
    await stage.look(relay);
    await expectWhole('acme');
    expect(await stage.figures()).toMatchObject({ behind: 0, parked: 0 });
  });

  test('S16: a long stream is copied in parts, each of them bounded', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    await filled('acme', 900);
    await stage.look(relay);
    await expectWhole('acme');
    expect(double.calls.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...double.calls.map(({ events }) => events))).toBeLessThanOrEqual(200);
    expect(await violations()).toEqual([]);
  });

  test('S16: replicas that look at once copy each event once', async () => {
    const replicas = [1, 2, 3].map((epoch) => stage.replica(epoch));
    for (let client = 0; client < 20; client += 1) await stage.begin(`client-${client}`);
    await Promise.all(replicas.map((relay) => stage.look(relay)));
    const appended = double.calls.reduce((sum, { events }) => sum + events, 0);
    expect(appended).toBe((await eventsOf(at.database)).length);
    for (let client = 0; client < 20; client += 1) await expectWhole(`client-${client}`);
  });

  test('S16: a replica that was asleep beyond its lease changes nothing when it wakes', async () => {
    await onAnother(await eventStoreDouble({ repeats: 'refused' }));
    const asleep = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const slow: EventStore = {
      ...stage.store,
      append: async (...call) => {
        reached.resolve();
        await asleep.promise;
        return stage.store.append(...call);
      },
    };
    await stage.begin('acme');
    const sleeper = stage.replica(1, slow);
    sleeper.look();
    await reached.promise;
    await stage.clock.advance(10 * MINUTE);
    await stage.end('acme');
    await stage.look(stage.replica(2));
    await expectWhole('acme');
    asleep.resolve();
    await sleeper.idle();
    await expectWhole('acme');
    expect(await stage.figures()).toMatchObject({ behind: 0, parked: 0 });
  });

  test('S16: what a replica that has died had taken is copied by another one at once', async () => {
    await stage.begin('acme');
    const lease = { epoch: 3, machineNow: stage.clock.machine(), leaseUntil: stage.clock.machine() + HOUR };
    expect(await stage.cursors.claim({ clientIds: ['acme'], ...lease })).toHaveLength(1);
    await stage.look(stage.replica(1));
    expect(streamed('acme')).toEqual([]);
    await at.database.query("update processes set lease_until = '-infinity' where epoch = 3");
    await stage.look(stage.replica(2));
    await expectWhole('acme');
    await at.database.query("update processes set lease_until = 'infinity' where epoch = 3");
  });

  test('S16: a stream that holds what is not ours stops, with an alert; the others go on, and so does it once mended', async () => {
    const relay = stage.replica(1);
    const foreign = { id: eventIdOf('other', 1), type: 'somebody_else', data: '{}', metadata: '' };
    double.table.write('journey-acme', 'any', [foreign]);
    await stage.begin('acme');
    await stage.begin('beta');
    await stage.look(relay);
    await expectWhole('beta');
    expect(streamed('acme')).toHaveLength(1);
    expect(stage.alerts).toEqual([
      `event_stream_parked: The stream of acme has stopped: revision 0 of the stream (somebody_else, ${foreign.id}) is not our event 1.`,
    ]);
    await stage.passing(relay, HOUR, 10 * MINUTE);
    expect(stage.alerts).toHaveLength(1);
    expect(await stage.figures()).toMatchObject({ behind: 0, parked: 1 });
    expect((await violations())[0]).toContain('acme: the stream has stopped after event 0: revision 0');

    await onAnother(await eventStoreDouble());
    expect(await stage.cursors.resume('acme')).toBe(true);
    expect(await stage.cursors.resume('acme')).toBe(false);
    await stage.look(stage.replica(1));
    await expectWhole('acme');
  });

  test('S16: a stream that lost its end, as after a restore, is filled up again from the journal', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    await stage.look(relay);
    const [kept] = streamed('acme');
    await onAnother(await eventStoreDouble());
    if (kept) double.table.write('journey-acme', 'any', [kept]);
    expect(await violations()).toEqual([expect.stringContaining('events that were copied are not in the stream')]);
    await stage.end('acme');
    await stage.look(stage.replica(1));
    await expectWhole('acme');
    expect(await violations()).toEqual([]);
  });

  test('S16: a stream that is ahead of the journal is not taken for the truth', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    await stage.look(relay);
    const last = streamed('acme').length;
    const later = { id: eventIdOf('acme', last + 1), type: 'journey_completed', data: '{}', metadata: '{}' };
    double.table.write('journey-acme', 'any', [later]);
    expect(await violations()).toEqual([expect.stringContaining('is no event of the journal')]);
    await stage.end('acme');
    await stage.look(relay);
    expect(stage.alerts).toEqual([expect.stringContaining('event_stream_parked')]);
  });

  test('S16: verify names what the stream says otherwise, and that it could not look', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    const other = { id: eventIdOf('acme', 1), type: 'journey_started', data: '{"other":true}', metadata: '' };
    double.table.write('journey-acme', 'any', [other]);
    await stage.look(relay);
    expect((await violations()).join('\n')).toContain('revision 0 (journey_started) says something else than event 1');
    double.down();
    expect((await violations()).join('\n')).toContain('the stream could not be compared');
  });

  test('S16: an erased client cannot be read in the stream any more, and its next journey goes on in it', async () => {
    const relay = stage.replica(1);
    await stage.begin('acme');
    await stage.end('acme');
    await stage.look(relay);
    const written = streamed('acme').length;
    await stage.journal.do('acme', { type: 'erase', reason: 'Request 4711' });
    await postgresErasureStore(at.database).erase('acme');
    await stage.look(relay);
    expect(streamed('acme').map(({ type, revision }) => ({ type, revision }))).toEqual([
      { type: 'client_erased', revision: written },
    ]);
    await stage.begin('acme');
    await stage.look(relay);
    expect(
      streamed('acme')
        .map(({ revision }) => revision)
        .at(-1),
    ).toBe((await recorded('acme')).length - 1);
    expect(await violations()).toEqual([]);
  });

  test('S16: an erasure whose copy breaks off in the middle is done again', async () => {
    await onAnother(await eventStoreDouble({ repeats: 'refused' }));
    await stage.begin('acme');
    await stage.end('acme');
    await stage.journal.do('acme', { type: 'erase', reason: 'Request 4711' });
    await postgresErasureStore(at.database).erase('acme');
    const dying: EventStore = { ...stage.store, truncateBefore: () => Promise.reject(new Error('kill -9')) };
    await stage.look(stage.replica(1, dying));
    expect(streamed('acme').length).toBeGreaterThan(1);
    await stage.look(stage.replica(2));
    expect(streamed('acme').map(({ type }) => type)).toEqual(['client_erased']);
    expect(await violations()).toEqual([]);
  });

  test('S16: events are pruned only after they were copied', async () => {
    await stage.begin('acme');
    await stage.end('acme');
    await stage.begin('acme');
    await stage.end('acme');
    const retention = postgresRetentionStore(at.database, { awaitsCopy: true });
    const later = stage.clock.machine() + DAY;
    expect(await retention.prune('completedJourneys', later, 10)).toBe(0);
    await stage.look(stage.replica(1));
    expect(await retention.prune('completedJourneys', later, 10)).toBe(1);
    expect(streamed('acme').length).toBeGreaterThan((await recorded('acme')).length);
    expect(await violations()).toEqual([]);
  });

  test('S16: where events were pruned before there was an event store, the stream begins with the first that is kept', async () => {
    await stage.begin('acme');
    await stage.end('acme');
    await stage.begin('acme');
    await stage.end('acme');
    await postgresRetentionStore(at.database).prune('completedJourneys', stage.clock.machine() + DAY, 10);
    await stage.look(stage.replica(1));
    const kept = await recorded('acme');
    expect(kept[0]?.seq).toBeGreaterThan(1);
    expect(streamed('acme').map(({ id, revision }) => ({ id, revision }))).toEqual(
      kept.map(({ seq }, revision) => ({ id: eventIdOf('acme', seq), revision })),
    );
    expect(await violations()).toEqual([]);
  });
});

/** A new database would take longer than most of these tests. */
async function emptied(database: Database): Promise<void> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.columns c join information_schema.tables t using (table_name)
     where column_name = 'client_id' and table_type = 'BASE TABLE' and t.table_schema = 'public'
     union select 'breakers'`,
  );
  await database.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
}
