import { refuse, type Refusal } from '#core/errors.ts';
import { MINUTE, type Instant } from '#core/time.ts';
import type { TokenStore } from './dependencies.ts';
import type { Clock, Ids } from './ports.ts';
import type { Principal } from './principal.ts';

/** Recognisable, so that secret scanners find one that got lost. */
export const TOKEN_PREFIX = 'jo_';
/** Tokens are random with 256 bits: a plain digest is as safe as a slow one, and is needed on every request. */
export const tokenHash = (ids: Ids, token: string): string => ids.digest(`token\n${token}`);

const USE_NOTED_EVERY_MS = MINUTE;

export type Authenticate = (token: string) => Promise<Principal | Refusal>;

/** Whom a bearer token stands for. Looked up on every call, so that a revoked token is refused at once. */
export function authenticateWith({
  tokens,
  clock,
  ids,
}: {
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly ids: Ids;
}): Authenticate {
  return async (token) => {
    const record = await tokens.find(tokenHash(ids, token));
    const now: Instant = clock.machine();
    if (!record || record.revoked_at !== null)
      return refuse(
        'auth.invalid',
        'The token is not known here.',
        'Ask an admin for a token: journey-cli token create.',
      );
    if (record.expires_at !== null && record.expires_at <= now)
      return refuse('auth.invalid', 'The token has expired.', 'Ask an admin for a new one.');
    if (record.last_used_at === null || now - record.last_used_at > USE_NOTED_EVERY_MS)
      await tokens.touch(record.token_id, now);
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
