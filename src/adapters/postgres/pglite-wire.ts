import { Duplex } from 'node:stream';
import { setImmediate as nextTurnOfTheEventLoop } from 'node:timers/promises';

import type { PGlite } from '@electric-sql/pglite';

import { startExchanging, type Engine } from './pglite-engine.ts';
import { createTurns, type Turn, type Turns } from './turns.ts';
import {
  closeStatement,
  EMPTY,
  FRAME,
  IDLE,
  refuseCopyIn,
  renameStatement,
  type Reply,
  simpleQuery,
  SYNC,
  takeFrame,
  takeOpening,
} from './wire-frames.ts';

/** PostgreSQL's wire protocol in this process: any number of connections to the one session that PGlite has. */
export type Wire = {
  /** Starts the engine, if it does not run. Connections do the same, but here a failure is heard at once. */
  readonly start: () => Promise<void>;
  /** A stream for pg's `stream` option. */
  readonly connect: () => Duplex;
  readonly close: () => Promise<void>;
};

/** The methods that pg calls on a socket, beside those of a stream. */
const SOCKET_METHODS = ['setNoDelay', 'setKeepAlive', 'setTimeout', 'ref', 'unref'] as const;

type Server = {
  readonly turns: Turns;
  readonly sockets: Set<Duplex>;
  readonly engine: () => Promise<Engine>;
  /** One exchange; `endsWithReady` unless the bytes end with Flush. */
  readonly run: (bytes: Buffer, endsWithReady: boolean) => Promise<Reply>;
  readonly nextId: () => number;
};

/**
 * Connections take turns a transaction at a time, first come, first served: PGlite has one session, so an open transaction
 * makes all others wait. Of what a session holds only prepared statements are kept apart; settings, temporary tables,
 * advisory locks and LISTEN are shared, so use `set local` and transaction-scoped locks.
 *
 * After a FATAL or a PANIC (a full disk is one) PGlite spins for ever when it is called, so it is never called again:
 * every connection is cut, and the next one opens the database anew, which recovers it as after a crash.
 */
export function pgliteWire(open: () => Promise<PGlite>): Wire {
  const sockets = new Set<Duplex>();
  const turns = createTurns();
  let opening: Promise<Engine> | undefined;
  let alive: Engine | undefined;
  let closing = false;
  let ids = 0;

  const engine = (): Promise<Engine> => {
    if (closing) return Promise.reject(new Error('The embedded database is closed.'));
    opening ??= startExchanging(open).then(
      (started) => {
        alive = started;
        return started;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };
  const abandon = (cause: unknown): void => {
    alive = undefined;
    opening = undefined;
    const cut = [...sockets];
    const error = new Error('The embedded database stopped in the middle of its work.', { cause });
    // The connection that was being served still gets its answer: it says what happened.
    process.nextTick(() => {
      for (const socket of cut) socket.destroy(error);
    });
  };
  const run = async (bytes: Buffer, endsWithReady: boolean): Promise<Reply> => {
    if (alive === undefined) throw new Error('The embedded database does not run.');
    const reply = await alive.exchange(bytes);
    if (reply.notifications.length > 0) for (const socket of sockets) socket.push(reply.notifications);
    if (reply.threw !== undefined) abandon(reply.threw);
    else if (endsWithReady && reply.status === undefined) abandon('It did not become ready for the next query.');
    return reply;
  };
  const server: Server = { turns, sockets, engine, run, nextId: () => (ids += 1) };

  const close = async (): Promise<void> => {
    closing = true;
    for (const socket of sockets) socket.destroy();
    // Transactions that are still open are rolled back before the engine stops.
    await turns.take().granted;
    await opening?.catch(() => undefined);
    const last = alive;
    alive = undefined;
    await last?.db.close();
  };
  return { start: async () => void (await engine()), connect: () => openSocket(server), close };
}

function openSocket(server: Server): Duplex {
  const conversation = converseWith(server, () => socket);
  const hear = async (chunk: Buffer, done: (error?: Error) => void): Promise<void> => {
    try {
      await conversation.hear(chunk);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done();
  };
  const socket = new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void hear(chunk, done),
    writev: (chunks, done) => {
      const all = Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer));
      void hear(all, done);
    },
    final: (done) => {
      socket.push(null);
      done();
    },
    destroy: (error, done) => {
      server.sockets.delete(socket);
      conversation.leave();
      done(error);
    },
  });
  server.sockets.add(socket);
  const methods = SOCKET_METHODS.map((name) => [name, () => socket] as const);
  const connect = (): Duplex => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  return Object.assign(socket, Object.fromEntries(methods), { connect });
}

type Conversation = { readonly hear: (chunk: Buffer) => Promise<void>; readonly leave: () => void };

function converseWith(server: Server, socket: () => Duplex): Conversation {
  const statements = statementNames(server.nextId());
  let started = false;
  let arrived: Buffer = EMPTY;
  let batch: Buffer[] = [];
  let turn: Turn | undefined;
  let hearing: Promise<void> = Promise.resolve();

  const open = async (): Promise<boolean> => {
    const opening = takeOpening(arrived);
    if (opening === undefined) return false;
    arrived = arrived.subarray(opening.length);
    if (opening.type === 'encryption') socket().push('N');
    // There is nothing to cancel: a query runs to its end before anything else in this process happens.
    if (opening.type === 'cancel') socket().push(null);
    if (opening.type !== 'startup') return true;
    const { greeting } = await server.engine();
    started = true;
    if (!socket().destroyed) socket().push(greeting);
    return true;
  };
  const ask = async (endsWithReady: boolean): Promise<void> => {
    const bytes = batch.length === 1 ? (batch[0] ?? EMPTY) : Buffer.concat(batch);
    batch = [];
    turn ??= server.turns.take();
    if (!(await turn.granted)) return;
    // A query blocks the process and answers without I/O: a caller that asks in a loop would starve timers and sockets.
    await nextTurnOfTheEventLoop();
    if (socket().destroyed) return;
    const reply = await server.run(bytes, endsWithReady);
    if (!socket().destroyed && reply.bytes.length > 0) socket().push(reply.bytes);
    if (reply.status !== IDLE) return;
    turn.leave();
    turn = undefined;
  };
  const next = async (): Promise<boolean> => {
    if (socket().destroyed) return false;
    if (!started) return open();
    const message = takeFrame(arrived);
    if (message === undefined) return false;
    arrived = arrived.subarray(message.length);
    switch (message[0]) {
      case FRAME.terminate:
        socket().push(null);
        return false;
      case FRAME.copyData:
      case FRAME.copyDone:
      case FRAME.copyFail:
        return true;
      default:
        batch.push(refuseCopyIn(statements.rename(message)));
    }
    if (message[0] === FRAME.sync || message[0] === FRAME.query) await ask(true);
    if (message[0] === FRAME.flush) await ask(false);
    return true;
  };
  const hearAll = async (): Promise<void> => {
    // Frames are answered in the order in which they came.
    // oxlint-disable-next-line no-await-in-loop
    while (await next());
  };
  return {
    hear: (chunk) => {
      arrived = arrived.length === 0 ? chunk : Buffer.concat([arrived, chunk]);
      hearing = hearAll();
      return hearing;
    },
    leave: () => {
      if (turn?.holds() === false) turn.leave();
      void hearing.catch(() => undefined).then(() => clearUp(server, turn, statements.known()));
    },
  };
}

/** Ends the transaction that a connection left open, and forgets its prepared statements. */
async function clearUp(server: Server, held: Turn | undefined, statements: readonly string[]): Promise<void> {
  const open = held?.holds() === true;
  if (!open && statements.length === 0) return;
  const turn = open && held !== undefined ? held : server.turns.take();
  try {
    await turn.granted;
    if (open) {
      await server.run(SYNC, true);
      await server.run(simpleQuery('rollback'), true);
    }
    if (statements.length > 0) await server.run(Buffer.concat([...statements.map(closeStatement), SYNC]), true);
  } catch {
    // Only an engine that has stopped refuses, and it has forgotten everything itself.
  } finally {
    turn.leave();
  }
}

/** All connections share one session, so each has names of its own for the statements that its client prepares. */
function statementNames(connection: number) {
  const names = new Map<string, string>();
  let made = 0;
  const nameOf = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    made += 1;
    const own = `c${connection}_${made}`;
    names.set(name, own);
    return own;
  };
  return {
    rename: (message: Buffer): Buffer => renameStatement(message, nameOf),
    known: (): readonly string[] => [...names.values()],
  };
}
