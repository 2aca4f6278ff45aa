import { expect, test } from 'vitest';
import { appendOnly } from '#adapters/postgres/grants.ts';
import { clockProbe, rightsProbe } from '#adapters/postgres/server-probes.ts';

const signal = new AbortController().signal;
const clockOff = (by_ms: number, took_ms = 0) => {
  let now = 1_000_000;
  const database = {
    kind: 'postgresql' as const,
    time: async () => {
      now += took_ms;
      return now - took_ms / 2 + by_ms;
    },
  };
  return clockProbe(database, () => now).look(signal);
};

test.each([
  [0, 0, 'ok'],
  [-900, 0, 'ok'],
  [1_500, 0, 'warning'],
  [-40_000, 0, 'failed'],
  // An answer that took six seconds says nothing to the second.
  [3_500, 6_000, 'ok'],
])('a database that is %i ms ahead, asked within %i ms, is %s', async (by_ms, took_ms, state) => {
  const [finding] = await clockOff(by_ms, took_ms);
  expect(finding).toMatchObject({ state, said: expect.stringContaining(`${Math.abs(by_ms)} ms`) });
});

test('an embedded database has this clock and one user', async () => {
  const database = { kind: 'embedded' as const, time: async () => 0, query: async () => [] };
  expect(await clockProbe(database, () => 0).look(signal)).toMatchObject([{ state: 'off' }]);
  expect(await rightsProbe(database).look(signal)).toMatchObject([{ state: 'off' }]);
});

test('whoever could edit the record is told which tables, and how to shut them', async () => {
  const database = { kind: 'postgresql' as const, query: async () => [{ name: appendOnly[0] }] as never };
  expect(await rightsProbe(database).look(signal)).toMatchObject([
    {
      state: 'warning',
      said: expect.stringContaining('journey_events'),
      hint: expect.stringContaining('JOURNEY_STATE_DB_MIGRATION_USER'),
    },
  ]);
});
