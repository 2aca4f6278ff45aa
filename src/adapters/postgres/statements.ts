import type { ClientBase, QueryResult, QueryResultRow } from 'pg';

import { JourneyError } from '#core/errors.ts';

import { sqlState } from './unavailable.ts';

/** A statement with a name is prepared once a connection. */
export type Statement = {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
  /** How long to wait for the answer, where that is to be shorter than usual; then the connection is lost. */
  readonly query_timeout?: number;
};

/**
 * Rows as objects, bigint and timestamptz as numbers (column-types.ts). A named statement is prepared once a connection.
 * Several statements in one text give no rows.
 */
export type Query = <R extends object>(text: string, values?: readonly unknown[], name?: string) => Promise<R[]>;

export type TransactionMode = {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
};

/** When it throws `store.unavailable` the outcome is unknown: the commit may have been done and only its answer lost. */
export type Transaction = <T>(work: (query: Query) => Promise<T>, mode?: TransactionMode) => Promise<T>;

export async function runQuery<R extends object>(
  client: ClientBase,
  text: string,
  values?: readonly unknown[],
  name?: string,
): Promise<R[]> {
  return runStatement<R>(client, {
    text,
    ...(values === undefined ? {} : { values }),
    ...(name === undefined ? {} : { name }),
  });
}

export async function runStatement<R extends object>(client: ClientBase, statement: Statement): Promise<R[]> {
  // pg only reads the values: a copy of a large batch would cost for nothing.
  const config = statement as Statement & { values?: unknown[] };
  const result: QueryResult<QueryResultRow> | QueryResult[] = await client.query(config);
  return Array.isArray(result) ? [] : (result.rows as R[]);
}

export async function runTransaction<T>(
  client: ClientBase,
  work: (query: Query) => Promise<T>,
  mode: TransactionMode = {},
): Promise<T> {
  await client.query(beginning(mode));
  let result: T;
  try {
    result = await work((text, values, name) => runQuery(client, text, values, name));
  } catch (error) {
    // A rollback that fails means that the connection is lost, and with it the transaction: the first error says more.
    await client.query('rollback').catch(() => undefined);
    throw mode.readOnly === true && sqlState(error) === READ_ONLY ? wroteInReadOnly(error) : error;
  }
  const committed = await client.query('commit');
  // PostgreSQL answers the commit of a failed transaction with success and the word ROLLBACK.
  if (committed.command === 'COMMIT') return result;
  throw new JourneyError(
    'internal',
    'The transaction was rolled back: a statement in it had failed before its commit.',
  );
}

// From a transaction that may write, the same state says that the server became a standby.
const READ_ONLY = '25006';

const wroteInReadOnly = (cause: unknown): JourneyError =>
  new JourneyError('internal', 'A read-only transaction tried to write.', undefined, undefined, { cause });

const beginning = ({ isolation, readOnly = false }: TransactionMode): string =>
  `begin${isolation === undefined ? '' : ` isolation level ${isolation}`}${readOnly ? ' read only' : ''}`;
