import { lookup as systemLookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Finding } from '#application/probes.ts';
import { DAY, type Instant } from '#core/time.ts';
import { literalOf, portOf, type AddressGuard } from './address-guard.ts';

export type ReachOptions = {
  readonly url: URL;
  readonly guard: AddressGuard;
  readonly now: () => Instant;
  /** An authority in place of those that Node knows. */
  readonly ca?: string;
  /** All addresses of a name. */
  readonly lookUp?: (hostname: string) => Promise<readonly { readonly address: string }[]>;
};

/** A certificate that ends within this time is told while there is time to renew it. */
const RENEW_WITHIN_MS = 14 * DAY;

const systemLookUp: NonNullable<ReachOptions['lookUp']> = (hostname) => systemLookup(hostname, { all: true });

/**
 * Whether a receiver can be reached: its name, the guard's judgement, a connection, and with https the certificate. No
 * request is sent, so nothing can happen there. Paths and queries of webhooks are often their passwords: only the host is told.
 */
export async function reach(options: ReachOptions, signal: AbortSignal): Promise<readonly Finding[]> {
  const { url, guard } = options;
  const refused = guard.problemOfUrl(url);
  if (refused !== undefined) return [failed(`${url.origin}: ${refused}`, GUARDED)];
  const literal = literalOf(url);
  const looked = literal === undefined ? await lookedUp(options) : { addresses: [literal] };
  if ('finding' in looked) return [looked.finding];
  const judged = looked.addresses.map((address) => ({ address, problem: guard.problemOfAddress(url, address) }));
  const allowed = judged.find(({ problem }) => problem === undefined);
  if (!allowed) return [failed(`${url.host}: ${judged[0]?.problem ?? 'it has no address'}`, GUARDED)];
  return [await connected(options, allowed.address, signal)];
}

const GUARDED = 'Correct the URL, or name the network in JOURNEY_OUTBOUND_ALLOWED_NETWORKS.';
const failed = (said: string, hint: string): Finding => ({ state: 'failed', said, hint });

type LookedUp = { readonly addresses: readonly string[] } | { readonly finding: Finding };

async function lookedUp({ url, lookUp = systemLookUp }: ReachOptions): Promise<LookedUp> {
  try {
    return { addresses: (await lookUp(url.hostname)).map(({ address }) => address) };
  } catch (error) {
    const said = `${url.hostname} has no address: ${messageOf(error)}`;
    return { finding: failed(said, 'Correct the name, or the DNS that the server asks.') };
  }
}

async function connected({ url, now, ca }: ReachOptions, address: string, signal: AbortSignal): Promise<Finding> {
  const at = `${url.host} (${address})`;
  const secure = url.protocol === 'https:';
  const name = literalOf(url) === undefined ? { servername: url.hostname } : {};
  const to = { host: address, port: portOf(url) };
  const socket = secure ? connectTls({ ...to, ...name, ...(ca === undefined ? {} : { ca }) }) : connectTcp(to);
  const stop = (): void => void socket.destroy(new Error('given up'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await opened(socket, secure ? 'secureConnect' : 'connect');
    return socket instanceof TLSSocket
      ? certificate(at, socket, now())
      : { state: 'ok', said: `${at} takes connections` };
  } catch (error) {
    return failed(`${at}: ${messageOf(error)}`, hintFor(error));
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, resolve);
  // Listened to for good: an error after the first answer must not end the process.
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  return promise;
}

function certificate(at: string, socket: TLSSocket, now: Instant): Finding {
  const ends = Date.parse(socket.getPeerCertificate().valid_to);
  const said = `${at}, ${socket.getProtocol() ?? 'TLS'}, certificate until ${new Date(ends).toISOString().slice(0, 10)}`;
  return ends - now < RENEW_WITHIN_MS
    ? { state: 'warning', said, hint: 'Renew the certificate: from that day on nothing arrives.' }
    : { state: 'ok', said };
}

const codeOf = (error: unknown): string => (error as { readonly code?: string } | null)?.code ?? '';

function hintFor(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'Nothing listens there: start the receiver, or correct the port.';
  return /CERT|SIGNATURE|TLS|SSL/.test(code)
    ? 'The receiver needs a certificate for this name from an authority that Node knows (NODE_EXTRA_CA_CERTS adds one).'
    : 'Is the receiver up, and does a firewall or a network policy let the server there?';
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
