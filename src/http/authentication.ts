import type { HonoRequest } from 'hono';
import { isRefusal } from '#core/errors.ts';
import type { Principal } from '#application/principal.ts';
import type { Authenticate } from '#application/tokens.ts';
import { accepted, declined, type Accepted } from './accepted.ts';

const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i;

/** Whom the request's bearer token stands for. */
export async function principalOf(request: HonoRequest, authenticate: Authenticate): Promise<Accepted<Principal>> {
  const header = request.header('authorization');
  const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
  if (token === undefined)
    return declined(
      'auth.missing',
      header === undefined ? 'The request has no token.' : 'The Authorization header is not Bearer and a token.',
      'Send Authorization: Bearer <token>; journey-cli token create makes one.',
    );
  const principal = await authenticate(token);
  return isRefusal(principal) ? { ok: false, refusal: principal } : accepted(principal);
}
