import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The server's end of Socket Mode: envelopes out, acknowledgements in. Just enough of RFC 6455 for short text frames. */
export type Socket = {
  readonly send: (envelope: object) => void;
  readonly received: readonly { readonly envelope_id?: string; readonly payload?: unknown }[];
  readonly close: () => void;
};

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const PING = 9;
const PONG = 10;

export function acceptSocket({ headers }: IncomingMessage, wire: Duplex): Socket {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  wire.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  const received: { envelope_id?: string; payload?: unknown }[] = [];
  let buffered = Buffer.alloc(0);
  wire.on('error', () => undefined);
  wire.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (let frame = frameIn(buffered); frame; frame = frameIn(buffered)) {
      buffered = buffered.subarray(frame.length);
      if (frame.code === TEXT) received.push(JSON.parse(frame.data.toString('utf8')) as object);
      else if (frame.code === PING) wire.write(framed(PONG, frame.data));
    }
  });
  const send = (envelope: object): void => void wire.write(framed(TEXT, Buffer.from(JSON.stringify(envelope))));
  return { send, received, close: () => wire.destroy() };
}

function framed(code: number, data: Buffer): Buffer {
  const header =
    data.length < 126
      ? Buffer.from([0x80 | code, data.length])
      : Buffer.from([0x80 | code, 126, data.length >> 8, data.length & 255]);
  return Buffer.concat([header, data]);
}

function frameIn(bytes: Buffer): { readonly code: number; readonly data: Buffer; readonly length: number } | undefined {
  if (bytes.length < 6) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = short === 126 ? 8 : 6;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const data = Buffer.from(bytes.subarray(start, start + size).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return { code: (bytes[0] ?? 0) & 15, data, length: start + size };
}
