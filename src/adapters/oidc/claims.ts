import type { JWTPayload } from 'jose';
import { refuse, type Refusal } from '#core/errors.ts';
import type { Principal, Role } from '#application/principal.ts';

/** How the claims of an issuer are read. */
export type ClaimNames = {
  readonly nameClaim: string;
  readonly rolesClaim: string;
  readonly roles: { readonly [value: string]: readonly string[] };
  readonly clientsClaim: string | null;
  readonly groupsClaim: string | null;
};

/** Visible, and nothing that the history or another door reads as something else. */
const NAME = /^(?!system$|slack:)[\x21-\x7e]{1,200}$/;
const MOST_VALUES = 1_000;

/** Whom verified claims stand for. Whatever is missing gives nothing: no roles, no clients. */
export function principalFrom(payload: JWTPayload, names: ClaimNames): Principal | Refusal {
  const id = claimAt(payload, names.nameClaim);
  if (typeof id !== 'string' || !NAME.test(id))
    return refuse(
      'auth.invalid',
      `The token's claim ${names.nameClaim} is no name: ${(JSON.stringify(id) ?? 'nothing').slice(0, 100)}.`,
      'JOURNEY_OIDC_NAME_CLAIM says which claim names the principal: 1 to 200 visible characters, and not system.',
    );
  const meant = textsAt(payload, names.rolesClaim).flatMap((value) =>
    Object.hasOwn(names.roles, value) ? (names.roles[value] ?? []) : [],
  );
  return {
    id,
    kind: meant.includes('agent') || isProgram(payload) ? 'agent' : 'user',
    roles: [...new Set(meant.filter((role) => role !== 'agent'))] as Role[],
    clients: clientsIn(payload, names.clientsClaim),
    evidenceKinds: [],
    intents: null,
    groups: names.groupsClaim === null ? [] : textsAt(payload, names.groupsClaim).map((name) => `group:${name}`),
  };
}

/** RFC 9068: where no person is behind a token, its subject is the client that it was issued to. */
const isProgram = ({ sub, azp, client_id }: JWTPayload): boolean =>
  sub !== undefined && (sub === azp || sub === client_id);

function clientsIn(payload: JWTPayload, claim: string | null): readonly string[] | null {
  if (claim === null) return null;
  const clients = textsAt(payload, claim);
  return clients.includes('*') ? null : clients;
}

/** A list of texts, or a text of words. */
function textsAt(payload: JWTPayload, claim: string): readonly string[] {
  const value = claimAt(payload, claim);
  const values = typeof value === 'string' ? value.split(/\s+/) : Array.isArray(value) ? value : [];
  return values.filter((one): one is string => typeof one === 'string' && one !== '').slice(0, MOST_VALUES);
}

/** The claim of that very name, which may have dots of its own, or else the one that its dots lead to. */
function claimAt(payload: JWTPayload, claim: string): unknown {
  if (Object.hasOwn(payload, claim)) return payload[claim];
  let value: unknown = payload;
  for (const step of claim.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
