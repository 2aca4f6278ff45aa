import { Client, Pool, type ClientBase, type ClientConfig, type PoolClient } from 'pg';

import type { Logger } from '#application/ports.ts';
import { SECOND, type Instant } from '#core/time.ts';

import { columnTypes } from './column-types.ts';
import { openConnection, type Connection } from './connection.ts';
import { runQuery, runTransaction, type Query, type Transaction } from './statements.ts';
import { asUnavailable, endsConnection, unavailableStore } from './unavailable.ts';

export type { Connection } from './connection.ts';
export type { Query, Statement, Transaction, TransactionMode } from './statements.ts';

export type Database = {
  readonly kind: 'embedded' | 'postgresql';
  /** A connection of one's own, outside the pool. It ends with the database at the latest. */
  readonly connect: (options?: ConnectOptions) => Promise<Connection>;
  /** One statement on any connection of the pool; rows as objects. */
  readonly query: Query;
  /**
   * All or nothing. Never await anything but the given query inside: on the embedded database an open transaction makes
   * every other connection wait, `query` of this database included.
   */
  readonly transaction: Transaction;
  /** The database's clock, in one round trip. */
  readonly time: () => Promise<Instant>;
  readonly close: () => Promise<void>;
};

export type ConnectOptions = {
  /** Null: as long as it takes, for migrations and maintenance. */
  readonly statementTimeout_ms?: number | null;
  /** Statements are sent without waiting for the answers of those before. */
  readonly pipeline?: boolean;
};

export type DatabaseOptions = {
  readonly poolMax?: number;
  readonly connectTimeout_ms?: number;
  readonly statementTimeout_ms?: number;
  readonly logger?: Pick<Logger, 'warn'>;
};

/** Where connections lead: what differs between a server and the embedded database. */
export type Store = {
  readonly kind: Database['kind'];
  /** For messages: 'PostgreSQL at db:5432/journeys'. */
  readonly name: string;
  readonly config: ClientConfig;
  readonly close: () => Promise<void>;
};

const POOL_MAX = 10;
export const CONNECT_TIMEOUT_ms = 5 * SECOND;
const STATEMENT_TIMEOUT_ms = 30 * SECOND;
// The server ends a statement that takes too long. A server that is gone does not, so the client gives up a little later.
const READ_GRACE_ms = 5 * SECOND;

export function openDatabase(store: Store, options: DatabaseOptions = {}): Database {
  const timeout_ms = options.statementTimeout_ms ?? STATEMENT_TIMEOUT_ms;
  const configFor = (statementTimeout_ms: number | null): ClientConfig => ({
    application_name: 'journey-orchestrator',
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeout_ms ?? CONNECT_TIMEOUT_ms,
    ...timeouts(statementTimeout_ms),
    ...store.config,
    types: columnTypes,
  });
  const pool = new Pool({ ...configFor(timeout_ms), max: options.poolMax ?? POOL_MAX });
  const lost = (error: Error): void => {
    options.logger?.warn('A connection to the database was lost.', { store: store.name, error: error.message });
  };
  // Without listeners an idle connection that is cut would end the process.
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', () => undefined));

  const own = new Set<Connection>();
  const connect = async ({ statementTimeout_ms = timeout_ms, pipeline = false }: ConnectOptions = {}) => {
    const client = new Client({ ...configFor(statementTimeout_ms), pipeline });
    const connection = await openConnection(client, store.name, lost);
    own.add(connection);
    void connection.ended.then(() => own.delete(connection));
    return connection;
  };
  const query: Query = (text, values, name) =>
    withClient(pool, store.name, (client) => runQuery(client, text, values, name));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([...own].map((connection) => connection.end()));
    await pool.end();
    await store.close();
  };
  return {
    kind: store.kind,
    connect,
    query,
    transaction: (work, mode) => withClient(pool, store.name, (client) => runTransaction(client, work, mode)),
    time: async () => {
      const [row] = await query<{ at: number }>(
        'select (extract(epoch from clock_timestamp()) * 1000)::float8 as at',
        [],
        'database_time',
      );
      return row?.at ?? Number.NaN;
    },
    close: () => (closing ??= close()),
  };
}

const timeouts = (statementTimeout_ms: number | null): ClientConfig =>
  statementTimeout_ms === null
    ? {}
    : { statement_timeout: statementTimeout_ms, query_timeout: statementTimeout_ms + READ_GRACE_ms };

/** pg's own pool.query throws a connection away after any error, also a unique violation; this keeps the good ones. */
async function withClient<T>(pool: Pool, store: string, work: (client: ClientBase) => Promise<T>): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw unavailableStore(error, store);
  }
  let broken = false;
  try {
    return await work(client);
  } catch (error) {
    broken = endsConnection(error);
    throw asUnavailable(error, store);
  } finally {
    client.release(broken);
  }
}
