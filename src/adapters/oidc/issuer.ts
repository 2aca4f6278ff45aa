import type { JSONWebKeySet } from 'jose';
import type { GetJson } from './bounded-json.ts';

/** Asks the issuer for its keys, from its own description on: a key address of last year may be somebody else's. */
export async function fetchKeys(issuer: string, get: GetJson, signal?: AbortSignal): Promise<JSONWebKeySet> {
  const described = await get(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), signal);
  if (described['issuer'] !== issuer)
    throw new Error(`calls itself ${shown(described['issuer'])}, and not ${issuer} as JOURNEY_OIDC_ISSUER says`);
  const address = described['jwks_uri'];
  if (typeof address !== 'string' || !URL.canParse(address))
    throw new Error(`names no jwks_uri, but ${shown(address)}`);
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.hostname !== new URL(issuer).hostname)
    throw new Error(`names ${shown(address)} for its keys, which is not https`);
  const { keys } = await get(url, signal);
  if (!Array.isArray(keys) || keys.length === 0) throw new Error(`has no keys at ${url.href}`);
  return { keys };
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 200);
