import type { Client } from 'pg';

import { runStatement, runTransaction, type Statement, type Transaction } from './statements.ts';
import { asUnavailable, endsConnection, unavailableStore } from './unavailable.ts';

export type Answer<R extends object> = { readonly rows: R[] };

/** One session of its own. It is not restored when it is lost: whoever holds it connects again. */
export type Connection = {
  /** As pg's client has it. */
  readonly query: <R extends object>(statement: Statement) => Promise<Answer<R>>;
  readonly transaction: Transaction;
  /** Hears notifications until the connection ends. On the embedded database all connections share what is listened to. */
  readonly listen: (channel: string, hear: (payload: string) => void) => Promise<void>;
  /** pg's own client, for libraries that want one. Its errors are pg's. */
  readonly client: Client;
  /** True once no statement can be sent any more. */
  readonly lost: () => boolean;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly end: () => Promise<void>;
};

/** Connects; throws `store.unavailable` when that fails. */
export async function openConnection(
  client: Client,
  store: string,
  onLost: (error: Error) => void,
): Promise<Connection> {
  let lost = false;
  const { promise: ended, resolve: hasEnded } = Promise.withResolvers<void>();
  client.on('error', (error) => {
    if (!lost) onLost(error);
    lost = true;
  });
  client.on('end', () => {
    lost = true;
    hasEnded();
  });
  try {
    await client.connect();
  } catch (error) {
    throw unavailableStore(error, store);
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (endsConnection(error) && !lost) {
        lost = true;
        // After a read timeout the answer may still come: nothing else may be asked on this connection.
        void client.end();
      }
      throw asUnavailable(error, store);
    }
  };
  return {
    query: (statement) => guarded(async () => ({ rows: await runStatement(client, statement) })),
    transaction: (work, mode) => guarded(() => runTransaction(client, work, mode)),
    listen: async (channel, hear) => {
      client.on('notification', (notification) => {
        if (notification.channel === channel) hear(notification.payload ?? '');
      });
      await guarded(() => client.query(`listen ${client.escapeIdentifier(channel)}`));
    },
    client,
    lost: () => lost,
    ended,
    end: async () => {
      lost = true;
      await client.end();
      await ended;
    },
  };
}
