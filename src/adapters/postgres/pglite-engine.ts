import type { PGlite } from '@electric-sql/pglite';

import { readReply, type Reply, startupFrame } from './wire-frames.ts';

/** A PGlite that answers in wire protocol, and what it says to a new connection. */
export type Engine = {
  readonly db: PGlite;
  readonly greeting: Buffer;
  readonly exchange: (bytes: Buffer) => Promise<Exchange>;
};

/** `threw`: the engine fell over; it must never be called again. */
export type Exchange = Reply & { readonly threw?: unknown };

// PGlite catches one exception for a statement that fails, and PostgreSQL then skips to the next Sync.
const MOST_EXCEPTIONS = 100;

export async function startExchanging(open: () => Promise<PGlite>): Promise<Engine> {
  const db = await open();
  const begin = guardAgainstSpinning(db);
  const exchange = (bytes: Buffer): Promise<Exchange> => {
    begin();
    return exchangeWith(db, bytes);
  };
  const { bytes, threw } = await exchange(startupFrame('postgres', 'postgres'));
  if (threw !== undefined) throw new Error('The embedded database took no connection.', { cause: threw });
  return { db, greeting: bytes, exchange };
}

/** The raw stream is asked because execProtocolRaw keeps every message that it has ever parsed (0.5.16). */
async function exchangeWith(db: PGlite, bytes: Buffer): Promise<Exchange> {
  const chunks: Buffer[] = [];
  // The bytes lie in the engine's memory and are overwritten by the next ones.
  const onRawData = (data: Uint8Array): void => void chunks.push(Buffer.from(data));
  try {
    // Neither of the file systems in use has anything to synchronise.
    await db.execProtocolRawStream(bytes, { syncToFs: false, onRawData });
    return readReply(chunks);
  } catch (error) {
    return { ...readReply(chunks), threw: error ?? 'It threw nothing.' };
  }
}

/**
 * While input is left PGlite calls PostgreSQL's main loop and swallows what it throws. After a FATAL that loop throws
 * without reading on, and the process would hang for ever (0.5.16). Every caught exception restores the stack: that is
 * where the spinning can be noticed and ended. The function returned begins a new count.
 */
function guardAgainstSpinning(db: PGlite): () => void {
  const module = db.Module as unknown as { stackRestore: (to: number) => void };
  const restore = module.stackRestore;
  let exceptions = 0;
  module.stackRestore = (to) => {
    exceptions += 1;
    if (exceptions > MOST_EXCEPTIONS) throw new Error('PostgreSQL stopped reading.');
    restore(to);
  };
  return () => {
    exceptions = 0;
  };
}
