import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventIdOf } from '#src/composition/event-store.ts';
import { eventsOf } from '#test/support/engine/journal.ts';
import { eventStoreDouble, type EventStoreDouble } from '#test/support/event-store/event-store-double.ts';
import { eventStage, type EventStage } from '#test/support/event-store/event-stage.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

let at: FreshDatabase;
let double: EventStoreDouble;
let stage: EventStage;
beforeEach(async () => {
  at = await freshDatabase();
  double = await eventStoreDouble({ repeats: 'refused' });
  stage = await eventStage(at.database, double);
});
afterEach(async () => {
  await stage.close();
  await double[Symbol.asyncDispose]();
  await at.drop();
});

test('S16: on a server three replicas that all want the same clients share them while journeys go on: every event once, in order', async () => {
  const replicas = [1, 2, 3].map((epoch) => stage.replica(epoch));
  const clients = Array.from({ length: 40 }, (_, index) => `client-${index}`);
  const told = async (work: Promise<unknown>): Promise<void> => {
    await work;
    // All of them hear of everything, as if each had recorded it: nobody keeps out of another's way by himself.
    for (const relay of replicas) relay.recorded(stage.journal.recordings.slice(-5));
  };
  await Promise.all(clients.map((client) => told(stage.begin(client))));
  await Promise.all(clients.map((client) => told(stage.end(client))));
  for (let looks = 0; looks < 3; looks += 1) await Promise.all(replicas.map((relay) => stage.look(relay)));

  for (const client of clients)
    expect((double.table.read(`journey-${client}`) ?? []).map(({ id }) => id)).toEqual(
      (await eventsOf(at.database, client)).map(({ seq }) => eventIdOf(client, seq)),
    );
  expect(await stage.figures()).toMatchObject({ behind: 0, parked: 0 });
  expect(stage.alerts).toEqual([]);
}, 120_000);
