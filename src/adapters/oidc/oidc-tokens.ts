import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { refuse, type Refusal } from '#core/errors.ts';
import { SECOND } from '#core/time.ts';
import type { Clock, Logger } from '#application/ports.ts';
import type { Authenticate } from '#application/tokens.ts';
import { boundedJson } from './bounded-json.ts';
import { principalFrom, type ClaimNames } from './claims.ts';
import { issuerKeys } from './issuer-keys.ts';
import { fetchKeys } from './issuer.ts';

export type OidcOptions = ClaimNames & {
  readonly issuer: string;
  /** What a token must be for. */
  readonly audiences: readonly string[];
  /** What a token may be for as well, to come in by MCP and by no other door; null: nothing. */
  readonly mcpAudience: string | null;
  readonly algorithms: readonly string[];
  readonly clockTolerance_ms: number;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Tokens of our own never have this shape. */
export const isJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);

/** Whom a JWT of the issuer stands for. */
export function oidcTokens(options: OidcOptions): Authenticate {
  const { issuer, audiences, mcpAudience, clock, logger } = options;
  const get = boundedJson(clock);
  const keys = issuerKeys({ fetchKeys: () => fetchKeys(issuer, get), clock, logger });
  return async (token, door) => {
    // Who was given a token for /mcp alone would else act as a person by another door: over MCP everybody is an agent.
    const audience = door === 'mcp' && mcpAudience !== null ? [...audiences, mcpAudience] : audiences;
    const verified = await verify(token, keys, { ...options, audiences: audience });
    return 'refused' in verified ? verified : principalFrom(verified.payload, options);
  };
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, audiences, algorithms, clockTolerance_ms, clock, logger }: OidcOptions,
): Promise<{ readonly payload: JWTPayload } | Refusal> {
  try {
    return await jwtVerify(token, keys, {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance: clockTolerance_ms / SECOND,
      currentDate: new Date(clock.machine()),
      requiredClaims: ['exp'],
    });
  } catch (error) {
    if (error instanceof errors.JOSEError) return refusalOf(error, issuer, audiences, algorithms);
    logger.debug('A token could not be checked.', { error: String(error) });
    return refuse(
      'auth.issuer_unavailable',
      `The token cannot be checked: the issuer ${issuer} does not tell its keys.`,
      'Try again; the log and journey-cli doctor say what it answers.',
    );
  }
}

const NEW_ONE = 'Get a new token from the issuer.';

/** Claims that are told are the issuer's own words: they are looked at after the signature. */
function refusalOf(
  error: errors.JOSEError,
  issuer: string,
  audiences: readonly string[],
  algorithms: readonly string[],
): Refusal {
  if (error instanceof errors.JWTExpired) return refuse('auth.expired', 'The token has expired.', NEW_ONE);
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error, issuer, audiences);
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refuse(
      'auth.invalid',
      `The token is not signed by ${algorithms.join(', ')}.`,
      'JOURNEY_OIDC_ALGORITHMS says what is taken.',
    );
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return refuse('auth.invalid', `The token names no key that ${issuer} has.`, NEW_ONE);
  return refuse(
    'auth.invalid',
    'The token is not one that can be trusted: its signature or its form is wrong.',
    NEW_ONE,
  );
}

function claimRefusal(
  { claim, reason, payload }: errors.JWTClaimValidationFailed,
  issuer: string,
  audiences: readonly string[],
): Refusal {
  const said = (JSON.stringify(payload[claim]) ?? 'nothing').slice(0, 200);
  if (claim === 'aud')
    return refuse(
      'auth.invalid',
      `The token is for ${said}, not for ${audiences.join(' or ')}.`,
      'Ask the issuer for a token with that audience.',
    );
  if (claim === 'iss')
    return refuse('auth.invalid', `The token is from ${said}, not from ${issuer}.`, 'Get one from that issuer.');
  if (claim === 'nbf' && reason === 'check_failed')
    return refuse('auth.invalid', `The token is not valid before ${said}.`, 'Wait, or set the clocks right.');
  return refuse('auth.invalid', `The token's claim ${claim} is ${said}, which will not do.`, NEW_ONE);
}
