import { closed, type Breaker } from '#core/breaker.ts';
import type { JsonObject } from '#core/json.ts';
import type { BreakerStore, StoredBreaker } from '#application/breakers.ts';
import { timestamptz } from './column-types.ts';
import type { Database } from './database.ts';

type Row = { readonly key: string; readonly version: number; readonly state: Breaker & JsonObject };

export function postgresBreakerStore(database: Database): BreakerStore {
  return {
    all: async () => {
      const rows = await database.query<Row>(
        'select key, version, state from breakers where not at_rest order by key limit 10000',
        [],
        'breakers',
      );
      return rows.map(storedOf);
    },
    find: async (key) => {
      const [row] = await database.query<Row>('select key, version, state from breakers where key = $1', [key]);
      return row ? storedOf(row) : { key, version: 0, breaker: closed };
    },
    write: async ({ key, version }, after, at) => {
      const atRest = after.status === 'closed' && after.failures === 0;
      const parameters = [key, version, JSON.stringify(after), atRest, timestamptz(at)];
      const rows = await database.query(
        version === 0
          ? `insert into breakers (key, version, state, at_rest, changed_at) values ($1, $2 + 1, $3, $4, $5)
             on conflict (key) do nothing returning key`
          : `update breakers set version = $2 + 1, state = $3, at_rest = $4, changed_at = $5
             where key = $1 and version = $2 returning key`,
        parameters,
      );
      return rows.length > 0;
    },
  };
}

const storedOf = ({ key, version, state }: Row): StoredBreaker => ({ key, version, breaker: state });
