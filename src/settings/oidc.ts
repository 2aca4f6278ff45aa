import { SECOND } from '#core/time.ts';
import type { Problem } from './problem.ts';
import type { OidcSettings } from './settings.ts';
import type { Values } from './values.ts';

/** Signatures that only the issuer can make: with a shared secret whoever checks a token could also forge one. */
const asymmetric: readonly string[] = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

const meanings = ['viewer', 'operator', 'approver', 'admin', 'agent'] as const;
const ROLE = new RegExp(`^[^=,+\\s][^=,+]*=(${meanings.join('|')})([+](${meanings.join('|')}))*$`);
const MOST_ITEMS = 100;

export function oidcProblems(value: Values): readonly Problem[] {
  const issuer = value.text('JOURNEY_OIDC_ISSUER');
  const audiences = listOf(value, 'JOURNEY_OIDC_AUDIENCE');
  if (issuer === null)
    return audiences.length === 0
      ? []
      : [problem('JOURNEY_OIDC_ISSUER', 'missing although JOURNEY_OIDC_AUDIENCE is set: say who issues the tokens')];
  return [
    ...(isTrustworthy(issuer)
      ? []
      : [
          problem(
            'JOURNEY_OIDC_ISSUER',
            'must be https without query or credentials (http on this machine only): whoever answers in its place could name anybody',
          ),
        ]),
    ...(audiences.length > 0
      ? []
      : [
          problem(
            'JOURNEY_OIDC_AUDIENCE',
            'missing: with JOURNEY_OIDC_ISSUER, or tokens for other services would be taken',
          ),
        ]),
    ...listOf(value, 'JOURNEY_OIDC_ALGORITHMS')
      .filter((name) => !asymmetric.includes(name))
      .map((name) => problem('JOURNEY_OIDC_ALGORITHMS', `must be of ${asymmetric.join(', ')}`, name)),
    ...listOf(value, 'JOURNEY_OIDC_ROLES')
      .filter((item) => !ROLE.test(item))
      .map((item) =>
        problem(
          'JOURNEY_OIDC_ROLES',
          `must be value=role, as journey-ops=operator+viewer, of ${meanings.join(', ')}`,
          item,
        ),
      ),
    ...['JOURNEY_OIDC_AUDIENCE', 'JOURNEY_OIDC_ROLES']
      .filter((name) => listOf(value, name).length > MOST_ITEMS)
      .map((name) => problem(name, `must be ${MOST_ITEMS} at most`)),
  ];
}

const problem = (path: string, allowed: string, value?: string): Problem => ({
  where: 'environment',
  path,
  allowed,
  ...(value === undefined ? {} : { value: JSON.stringify(value) }),
});

/** Keys that come over an open network are anybody's. */
function isTrustworthy(issuer: string): boolean {
  if (!/^https?:/.test(issuer) || !URL.canParse(issuer)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(issuer);
  const here = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return (protocol === 'https:' || here) && `${username}${password}${search}${hash}` === '';
}

export function oidcOf(value: Values): OidcSettings | null {
  const issuer = value.text('JOURNEY_OIDC_ISSUER');
  if (issuer === null) return null;
  const mapped = listOf(value, 'JOURNEY_OIDC_ROLES').map((item) => item.split('=') as [string, string]);
  const roles: readonly (readonly [string, readonly string[]])[] =
    mapped.length > 0
      ? mapped.map(([name, meaning]) => [name, meaning.split('+')])
      : meanings.map((name) => [name, [name]]);
  return {
    issuer,
    audiences: listOf(value, 'JOURNEY_OIDC_AUDIENCE'),
    nameClaim: value.text('JOURNEY_OIDC_NAME_CLAIM') ?? '',
    rolesClaim: value.text('JOURNEY_OIDC_ROLES_CLAIM') ?? '',
    roles: Object.fromEntries(roles),
    clientsClaim: value.text('JOURNEY_OIDC_CLIENTS_CLAIM'),
    groupsClaim: value.text('JOURNEY_OIDC_GROUPS_CLAIM'),
    algorithms: listOf(value, 'JOURNEY_OIDC_ALGORITHMS'),
    clockTolerance_ms: value.number('JOURNEY_OIDC_CLOCK_TOLERANCE_SECONDS') * SECOND,
  };
}

const listOf = (value: Values, name: string): readonly string[] =>
  (value.text(name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
