import { refuse, type Refusal } from '#core/errors.ts';
import { MINUTE, type Instant } from '#core/time.ts';
import type { TokenRecord, TokenStore } from './dependencies.ts';
import { iso } from './fields.ts';
import type { Clock, Ids, Logger } from './ports.ts';
import type { Principal } from './principal.ts';

/** Recognisable, so that secret scanners find one that got lost. */
export const TOKEN_PREFIX = 'jo_';
/** Tokens are random with 256 bits: a plain digest is as safe as a slow one, and is needed on every request. */
export const tokenHash = (ids: Ids, token: string): string => ids.digest(`token\n${token}`);

const USE_NOTED_EVERY_MS = MINUTE;
/** Tokens whose use is remembered; beyond that the longest silent ones are forgotten. */
const MOST_NOTED = 10_000;

/** Whom a bearer token stands for, at the door that it is shown at. */
export type Authenticate = (token: string, door: 'rest' | 'mcp') => Promise<Principal | Refusal>;

export type AuthenticateParts = {
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Pick<Logger, 'warn'>;
  /** For tokens of somebody else's. */
  readonly others?: { readonly isOne: (token: string) => boolean; readonly authenticate: Authenticate } | undefined;
};

/** Looked up on every call, so that a revoked token is refused at once. */
export function authenticateWith({ tokens, clock, ids, logger, others }: AuthenticateParts): Authenticate {
  const noteUse = useNotes(tokens, logger);
  return async (token, door) => {
    if (others?.isOne(token) === true) return others.authenticate(token, door);
    const record = await tokens.find(tokenHash(ids, token));
    const now = clock.machine();
    if (!record || record.revoked_at !== null)
      return refuse(
        'auth.invalid',
        'The token is not known here.',
        'Ask an admin for a token: journey-cli token create.',
      );
    if (record.expires_at !== null && record.expires_at <= now)
      return refuse(
        'auth.expired',
        `The token ${record.name} expired at ${iso(record.expires_at)}.`,
        'Ask an admin for a new one: journey-cli token create --expires-in=90d.',
      );
    noteUse(record, now);
    return {
      id: record.name,
      kind: record.kind,
      roles: record.roles,
      clients: record.clients,
      evidenceKinds: record.evidence_kinds,
      intents: record.intents,
      groups: record.groups.map((name) => `group:${name}`),
    };
  };
}

/** Notes when a token was last used: once a minute at most, and nobody's request waits for it. */
function useNotes(
  tokens: Pick<TokenStore, 'touch'>,
  logger: Pick<Logger, 'warn'>,
): (record: TokenRecord, now: Instant) => void {
  const noted = new Map<string, Instant>();
  return ({ token_id, last_used_at }, now) => {
    const last = Math.max(last_used_at ?? Number.NEGATIVE_INFINITY, noted.get(token_id) ?? Number.NEGATIVE_INFINITY);
    if (now - last < USE_NOTED_EVERY_MS) return;
    noted.delete(token_id);
    noted.set(token_id, now);
    if (noted.size > MOST_NOTED) noted.delete(noted.keys().next().value ?? '');
    tokens.touch(token_id, now).catch((error: unknown) => {
      logger.warn('The use of a token could not be noted.', { token_id, error: String(error) });
    });
  };
}
