import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type GenerateKeyPairResult, type JWK } from 'jose';

export type Claims = { readonly [claim: string]: unknown };
export type Signing = { readonly alg?: string; readonly kid?: string };

/** An OpenID Connect issuer as far as resource servers see one: its description, its keys, and tokens that it signs. */
export type Issuer = AsyncDisposable & {
  readonly url: string;
  /** Requests for its keys so far. */
  readonly asked: () => number;
  /** Signed by the present key; `exp` is ten minutes after `now` unless said. */
  readonly token: (claims: Claims, now: number, header?: Signing) => Promise<string>;
  /** Signed by somebody else's key under the name of ours. */
  readonly forged: (claims: Claims, now: number) => Promise<string>;
  /** The present public key as text, which everybody can have. */
  readonly publicKey: () => Promise<string>;
  readonly keyId: () => string;
  /** From now on another key signs; the old one is gone from the set unless it is kept. */
  readonly rotate: (keep?: boolean) => Promise<void>;
  /** What it answers instead; null: as it should. */
  readonly answer: (instead: ((response: ServerResponse) => void) | null) => void;
};

type SigningKey = GenerateKeyPairResult['privateKey'];
type Key = { readonly kid: string; readonly privateKey: SigningKey; readonly publicKey: SigningKey; readonly jwk: JWK };

export async function startIssuer(): Promise<Issuer> {
  let made = 0;
  const newKey = async (): Promise<Key> => {
    const kid = `key-${(made += 1)}`;
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } };
  };
  let keys: readonly Key[] = [await newKey()];
  let instead: ((response: ServerResponse) => void) | null = null;
  let asked = 0;
  const current = (): Key => {
    const key = keys.at(-1);
    if (!key) throw new Error('The issuer has no key.');
    return key;
  };
  const server = createServer((request, response) => {
    if (request.url === '/keys') asked += 1;
    if (instead) return instead(response);
    const body =
      request.url === '/keys' ? { keys: keys.map(({ jwk }) => jwk) } : { issuer: url, jwks_uri: `${url}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signed = (claims: Claims, now: number, key: Key, header: Signing = {}): Promise<string> => {
    const seconds = Math.floor(now / 1000);
    return new SignJWT({ iss: url, exp: seconds + 600, iat: seconds, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
      .sign(key.privateKey);
  };
  return {
    url,
    asked: () => asked,
    token: (claims, now, header) => signed(claims, now, current(), header),
    forged: async (claims, now) => signed(claims, now, { ...(await newKey()), kid: current().kid }),
    publicKey: () => exportSPKI(current().publicKey),
    keyId: () => current().kid,
    rotate: async (keep = false) => {
      keys = [...(keep ? keys : []), await newKey()];
    },
    answer: (how) => {
      instead = how;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
