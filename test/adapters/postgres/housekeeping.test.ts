import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { keepHouse } from '#adapters/postgres/housekeeping.ts';
import { MINUTE } from '#core/time.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

let at: FreshDatabase;
const warnings: string[] = [];
const logger = { warn: (message: string) => void warnings.push(message) };

beforeEach(async () => {
  warnings.length = 0;
  at = await freshEmbedded({ migrations: null });
});
afterEach(() => at.drop());

const checkpointAt = async (): Promise<string> => {
  const [row] = await at.database.query<{ lsn: string }>('select redo_lsn::text as lsn from pg_control_checkpoint()');
  return row?.lsn ?? '';
};

describe('keeping house on the embedded database', () => {
  it('frees the space of dead rows, gathers statistics and checkpoints every five minutes', async () => {
    const clock = virtualClock();
    await at.database.query(
      'create table "Heaps" as select n, repeat(md5(n::text), 20) as text from generate_series(1, 5000) n',
    );
    await at.database.query('delete from "Heaps" where n > 10');
    const before = await checkpointAt();
    const house = keepHouse(at.database, clock, logger);
    await clock.advance(5 * MINUTE);
    await house.run();
    const [size] = await at.database.query(
      `select pg_relation_size('"Heaps"') < 100000 as small, (select reltuples from pg_class where relname = 'Heaps') as rows`,
    );
    expect(size).toEqual({ small: true, rows: 10 });
    expect(await checkpointAt()).not.toBe(before);
    expect(warnings).toEqual([]);
    await house.stop();
    expect(clock.sleepers()).toBe(0);
  });

  it('logs a failure and tries again at the next round', async () => {
    const clock = virtualClock();
    const failing = { ...at.database, query: () => Promise.reject(new Error('no room')) };
    const house = keepHouse(failing, clock, logger);
    await clock.advance(5 * MINUTE);
    await clock.advance(5 * MINUTE);
    expect(warnings).toHaveLength(2);
    await house.stop();
  });

  it('does nothing any more once it is told to stop', async () => {
    const house = keepHouse(at.database, virtualClock(), logger);
    await house.stop();
    const before = await checkpointAt();
    await house.run();
    expect(await checkpointAt()).toBe(before);
  });
});
