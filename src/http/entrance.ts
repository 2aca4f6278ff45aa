import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { Ids } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { rateLimit } from '#application/rate-limit.ts';
import type { Authenticate } from '#application/tokens.ts';
import { accepted, declined, type Accepted } from './accepted.ts';
import type { HttpEnv } from './env.ts';

export type EntranceOptions = {
  readonly authenticate: Authenticate;
  /** A principal's, on average. */
  readonly callsPerSecond: number;
  /** Without a valid token, of one address, on average. */
  readonly refusalsPerSecond: number;
  readonly ids: Pick<Ids, 'digest'>;
  /** Milliseconds from any start. */
  readonly now: () => number;
};

export type Entrance = {
  /** Who comes, as the bearer token says; not how often. */
  readonly identify: (c: Context<HttpEnv>, door: 'rest' | 'mcp') => Promise<Accepted<Principal>>;
  /** Who comes, if not too often. */
  readonly admit: (c: Context<HttpEnv>) => Promise<Accepted<Principal>>;
};

/** Large enough for a JWT with many groups; all headers of a request together are limited as well. */
const BEARER = /^Bearer +([\x21-\x7e]{1,8192})$/i;
/** Tokens that were good, and are let by where their address has guessed too often. */
const MOST_KNOWN = 10_000;

/** The one entrance of all doors that take bearer tokens, so that whoever guesses at one has guessed at all. */
export function entrance({ authenticate, callsPerSecond, refusalsPerSecond, ids, now }: EntranceOptions): Entrance {
  const calls = rateLimit(callsPerSecond, now);
  const strangers = rateLimit(refusalsPerSecond, now);
  // Behind an ingress all callers have one address: somebody with a wrong token must not shut the others out.
  const known = new Set<string>();

  const turnedAway = (address: string, refusal: Refusal): Accepted<never> => {
    const wait_ms = strangers.take(address);
    return wait_ms > 0 ? tooManyWithout(wait_ms) : { ok: false, refusal };
  };

  const identify: Entrance['identify'] = async (c, door) => {
    const address = addressOf(c);
    const token = bearerOf(c.req.header('authorization'));
    if (!token.ok) return turnedAway(address, token.refusal);
    const digest = ids.digest(token.value);
    const wait_ms = known.has(digest) ? 0 : strangers.wait(address);
    if (wait_ms > 0) return tooManyWithout(wait_ms);
    const principal = await authenticate(token.value, door);
    known.delete(digest);
    if (isRefusal(principal))
      return principal.refused === 'auth.issuer_unavailable'
        ? { ok: false, refusal: principal }
        : turnedAway(address, principal);
    known.add(digest);
    if (known.size > MOST_KNOWN) known.delete(known.values().next().value ?? '');
    c.set('principal', principal);
    return accepted(principal);
  };

  return {
    identify,
    admit: async (c) => {
      const principal = await identify(c, 'rest');
      if (!principal.ok) return principal;
      const wait_ms = calls.take(principal.value.id);
      return wait_ms > 0
        ? tooMany(wait_ms, `${principal.value.id} makes more than ${callsPerSecond} calls a second.`)
        : principal;
    },
  };
}

function bearerOf(header: string | undefined): Accepted<string> {
  const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
  return token === undefined
    ? declined(
        'auth.missing',
        header === undefined ? 'The request has no token.' : 'The Authorization header is not Bearer and a token.',
        'Send Authorization: Bearer <token>; journey-cli token create makes one.',
      )
    : accepted(token);
}

const tooManyWithout = (wait_ms: number): Accepted<never> =>
  tooMany(wait_ms, 'Too many calls without a valid token came from this address.');

function tooMany(wait_ms: number, message: string): Accepted<never> {
  const retry_after_seconds = Math.max(1, Math.ceil(wait_ms / SECOND));
  const hint = `Wait ${retry_after_seconds} s, as Retry-After says.`;
  return { ok: false, refusal: refuse('calls.too_many', message, hint, { retry_after_seconds }) };
}

/** Of IPv6 the network: one machine has all addresses of it. Without a socket, as in tests, all are one. */
function addressOf(c: Context<HttpEnv>): string {
  if (c.env === undefined || !('incoming' in (c.env as object))) return '';
  const address = getConnInfo(c).remote.address ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  return networkOf(address);
}

/** The first 64 bits, with what `::` stands for written out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...after].slice(0, 4).join(':');
}
