import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer } from '#adapters/postgres/server.ts';
import type { Database } from '#adapters/postgres/database.ts';
import { collectorDouble, putJourneys, roundsOn } from '#test/support/collecting/rounds.ts';
import { searchQuality, smallDocument } from '#test/support/engine/fixtures.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const document = smallDocument([{ id: 'sandbox', criteria: [searchQuality()] }, { id: 'production' }]);
const CLIENTS = 400;

let at: FreshDatabase;
const replicas: Database[] = [];
beforeAll(async () => {
  at = await freshDatabase();
  for (let replica = 0; replica < 3; replica += 1) replicas.push(await openServer({ server: at.url }));
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await at.drop();
});

test('three replicas that look at once ask for each client once', async () => {
  await putJourneys(at.database, document, CLIENTS, { stage: 'sandbox' });
  const clock = virtualClock();
  const collector = collectorDouble({ clientsPerCall: 7, concurrency: 3 });
  const rounds = replicas.map((database) => roundsOn(database, document, clock, collector));
  // Whoever loses every race of a round finds nothing and comes again later, as the scheduler does.
  let calls = 0;
  do {
    calls = (await Promise.all(rounds.map(({ look }) => look()))).reduce((sum, made) => sum + made, 0);
  } while (calls > 0);
  const asked = collector.calls.flat().map(({ clientId }) => clientId);
  expect(asked.length).toBe(CLIENTS);
  expect(new Set(asked).size).toBe(CLIENTS);
});
