import { Client, type ClientConfig } from 'pg';

import { JourneyError } from '#core/errors.ts';

import { CONNECT_TIMEOUT_ms, openDatabase, type Database, type DatabaseOptions } from './database.ts';
import { unavailableStore } from './unavailable.ts';

export const sslModes = ['disable', 'prefer', 'require', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

export type ServerSettings = {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
};

export type ServerOptions = DatabaseOptions & {
  /** Settings one by one, or a connection string (whose sslmode counts). */
  readonly server: ServerSettings | string;
  /** As libpq means them: `require` encrypts but trusts any certificate, `verify-full` checks it and the host name. */
  readonly sslmode?: SslMode;
  /** The certificate authority for verify-full, in PEM; the system's own when not given. */
  readonly ca?: string;
};

/** A PostgreSQL server, 15 or newer. Connects only to find out whether it encrypts, and only under `prefer`. */
export async function openServer(options: ServerOptions): Promise<Database> {
  const { address, sslmode } = addressOf(options);
  const name = nameOf(options.server);
  const ssl = sslmode === 'prefer' ? await negotiate(address, name, options) : sslFor(sslmode, options.ca);
  const config: ClientConfig = { ...address, ssl, options: '-c timezone=UTC' };
  return openDatabase({ kind: 'postgresql', name, config, close: () => Promise.resolve() }, options);
}

function sslFor(mode: Exclude<SslMode, 'prefer'>, ca: string | undefined): NonNullable<ClientConfig['ssl']> {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  return { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
}

/** pg knows no `prefer`: it is tried once whether the server encrypts. */
async function negotiate(address: ClientConfig, name: string, options: DatabaseOptions): Promise<ClientConfig['ssl']> {
  const ssl = { rejectUnauthorized: false };
  const client = new Client({
    ...address,
    ssl,
    connectionTimeoutMillis: options.connectTimeout_ms ?? CONNECT_TIMEOUT_ms,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return ssl;
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not support SSL')) return false;
    throw unavailableStore(error, name);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * pg would read sslmode from a connection string by rules of its own, in which `require` verifies; so it is taken out and
 * read by the rules above.
 */
function addressOf({ server, sslmode = 'prefer' }: ServerOptions): { address: ClientConfig; sslmode: SslMode } {
  if (typeof server !== 'string') {
    const { host, port, name, user, password } = server;
    return { address: { host, port, database: name, user, password }, sslmode };
  }
  const [base = '', query = ''] = server.split('?', 2);
  const parameters = new URLSearchParams(query);
  const asked = parameters.get('sslmode');
  parameters.delete('sslmode');
  const rest = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return { address: { connectionString: base + rest }, sslmode: asked === null ? sslmode : knownMode(asked) };
}

function knownMode(asked: string): SslMode {
  const mode = sslModes.find((known) => known === asked);
  if (mode !== undefined) return mode;
  throw new JourneyError(
    'settings.invalid',
    `The connection string asks for sslmode ${asked}.`,
    `Use one of ${sslModes.join(', ')}.`,
  );
}

/** For messages and logs: never with the password. */
function nameOf(server: ServerSettings | string): string {
  if (typeof server !== 'string') return `PostgreSQL at ${server.host}:${server.port}/${server.name}`;
  const address = /^[a-z]+:\/\/(?:[^@/]*@)?([^?]*)/i.exec(server)?.[1];
  return `PostgreSQL at ${address ?? 'the given address'}`;
}
