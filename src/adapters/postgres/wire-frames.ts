/** The parts of PostgreSQL's wire protocol (version 3) that the in-process server has to understand. */

export const FRAME = {
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  close: 0x43,
  query: 0x51,
  sync: 0x53,
  flush: 0x48,
  terminate: 0x58,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  readyForQuery: 0x5a,
  notification: 0x41,
} as const;

export const IDLE = 0x49;
export const EMPTY = Buffer.alloc(0);

const HEADER_BYTES = 5;
const STATEMENT = 0x53;
const PROTOCOL_3 = 196_608;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

export function frame(type: number, ...parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = type;
  header.writeInt32BE(
    parts.reduce((sum, part) => sum + part.length, 4),
    1,
  );
  return Buffer.concat([header, ...parts]);
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

export const simpleQuery = (sql: string): Buffer => frame(FRAME.query, text(sql));
export const closeStatement = (name: string): Buffer => frame(FRAME.close, Buffer.from('S'), text(name));
export const SYNC = frame(FRAME.sync);

export function startupFrame(user: string, database: string): Buffer {
  const body = Buffer.concat([Buffer.from(`user\0${user}\0database\0${database}\0`), Buffer.from([0])]);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

/** The whole frame at the head of what has arrived, or undefined while part of it is still to come. */
export function takeFrame(arrived: Buffer): Buffer | undefined {
  if (arrived.length < HEADER_BYTES) return undefined;
  const length = 1 + arrived.readInt32BE(1);
  return arrived.length < length ? undefined : arrived.subarray(0, length);
}

export type Opening = { readonly type: 'startup' | 'encryption' | 'cancel'; readonly length: number };

/** What a client says first: these frames have no type byte. */
export function takeOpening(arrived: Buffer): Opening | undefined {
  if (arrived.length < 8) return undefined;
  const length = arrived.readInt32BE(0);
  if (arrived.length < length) return undefined;
  const code = arrived.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSS_REQUEST) return { type: 'encryption', length };
  return { type: code === CANCEL_REQUEST ? 'cancel' : 'startup', length };
}

/** The frame with the prepared statement in it renamed; frames that name none come back as they are. */
export function renameStatement(message: Buffer, rename: (name: string) => string): Buffer {
  const start = statementAt(message);
  if (start === undefined) return message;
  const end = message.indexOf(0, start);
  if (end === start) return message;
  const name = message.toString('utf8', start, end);
  return frame(
    message[0] ?? 0,
    message.subarray(HEADER_BYTES, start),
    Buffer.from(rename(name)),
    message.subarray(end),
  );
}

function statementAt(message: Buffer): number | undefined {
  switch (message[0]) {
    case FRAME.parse:
      return HEADER_BYTES;
    case FRAME.bind:
      return message.indexOf(0, HEADER_BYTES) + 1;
    case FRAME.describe:
    case FRAME.close:
      return message[HEADER_BYTES] === STATEMENT ? HEADER_BYTES + 1 : undefined;
    default:
      return undefined;
  }
}

export type Reply = {
  /** What belongs to the connection that asked. */
  readonly bytes: Buffer;
  /** NotificationResponse frames: the one session gets them for every connection. */
  readonly notifications: Buffer;
  /** The transaction status of the last ReadyForQuery; undefined when none came. */
  readonly status: number | undefined;
};

export function readReply(chunks: readonly Buffer[]): Reply {
  const all = chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks);
  const kept: Buffer[] = [];
  const notifications: Buffer[] = [];
  let status: number | undefined;
  let keptFrom = 0;
  let at = 0;
  while (at + HEADER_BYTES <= all.length) {
    const end = at + 1 + all.readInt32BE(at + 1);
    if (all[at] === FRAME.readyForQuery) status = all[at + HEADER_BYTES];
    if (all[at] === FRAME.notification) {
      kept.push(all.subarray(keptFrom, at));
      notifications.push(all.subarray(at, end));
      keptFrom = end;
    }
    at = end;
  }
  if (notifications.length === 0) return { bytes: all, notifications: EMPTY, status };
  kept.push(all.subarray(keptFrom));
  return { bytes: Buffer.concat(kept), notifications: Buffer.concat(notifications), status };
}

const COPY_IN = /\bcopy\b[^;]*\bfrom\s+stdin\b/i;
const REFUSAL = `do $$ begin raise feature_not_supported using message = 'The embedded database takes no COPY FROM STDIN.'; end $$`;

/**
 * PGlite reads the data of a COPY FROM STDIN past the end of what it was given, loses its place in the protocol and never
 * returns (0.5.16): the process would hang. Such a statement is replaced by one that raises.
 */
export function refuseCopyIn(message: Buffer): Buffer {
  if (message[0] !== FRAME.query && message[0] !== FRAME.parse) return message;
  const name =
    message[0] === FRAME.parse ? message.subarray(HEADER_BYTES, message.indexOf(0, HEADER_BYTES) + 1) : EMPTY;
  const sqlFrom = HEADER_BYTES + name.length;
  if (!COPY_IN.test(message.toString('latin1', sqlFrom, message.indexOf(0, sqlFrom)))) return message;
  return message[0] === FRAME.query ? simpleQuery(REFUSAL) : frame(FRAME.parse, name, text(REFUSAL), Buffer.alloc(2));
}
