import { variable as variableOf, type Variable } from './variable.ts';

type Details = Partial<Pick<Variable, 'type' | 'default' | 'min' | 'max'>>;

const variable = (name: string, mapsTo: string, doc: string, { type = 'text', ...details }: Details = {}): Variable =>
  variableOf(name, type, mapsTo, doc, details);

/** Who may come in by which token, and how often. */
export const identityVariables: readonly Variable[] = [
  variable(
    'JOURNEY_OIDC_ISSUER',
    'oidc.issuer',
    'The OpenID Connect issuer whose JWTs are taken beside own tokens, exactly as its `iss` says; https, or http on this machine.',
  ),
  variable(
    'JOURNEY_OIDC_AUDIENCE',
    'oidc.audiences',
    'What `aud` of its tokens must name, as a,b; required with JOURNEY_OIDC_ISSUER. Over MCP JOURNEY_PUBLIC_URL/mcp counts, too.',
  ),
  variable(
    'JOURNEY_OIDC_NAME_CLAIM',
    'oidc.nameClaim',
    'The claim that names the principal; one that its holder cannot change.',
    { default: 'sub' },
  ),
  variable(
    'JOURNEY_OIDC_ROLES_CLAIM',
    'oidc.rolesClaim',
    'The claim with the roles, a list or words; dots lead inwards, as realm_access.roles.',
    { default: 'roles' },
  ),
  variable(
    'JOURNEY_OIDC_ROLES',
    'oidc.roles',
    'What its values mean here, as journey-ops=operator+viewer,journey-bots=agent+operator; agent is the kind. Unless set, viewer, operator, approver, admin and agent mean themselves.',
  ),
  variable(
    'JOURNEY_OIDC_CLIENTS_CLAIM',
    'oidc.clientsClaim',
    'The claim with the only clients that a principal may see, * for all; without the claim none. Unless set, all are seen.',
  ),
  variable(
    'JOURNEY_OIDC_GROUPS_CLAIM',
    'oidc.groupsClaim',
    'The claim with the groups of a principal, which approvers may name as group:<name>.',
  ),
  variable(
    'JOURNEY_OIDC_ALGORITHMS',
    'oidc.algorithms',
    'The signature algorithms that are taken, as a,b; those with a shared secret are never.',
    { default: 'RS256,PS256,ES256,EdDSA' },
  ),
  variable(
    'JOURNEY_OIDC_CLOCK_TOLERANCE_SECONDS',
    'oidc.clockTolerance_ms',
    "Seconds that the issuer's clock may be off.",
    { type: 'integer', default: 30, min: 0, max: 300 },
  ),
  variable(
    'JOURNEY_API_CALLS_PER_SECOND',
    'rates.callsPerSecond',
    'Calls of the API that one principal may make a second on average, a process; ten times that at once.',
    { type: 'integer', default: 200, min: 1, max: 100_000 },
  ),
  variable(
    'JOURNEY_API_REFUSALS_PER_SECOND',
    'rates.refusalsPerSecond',
    'Calls without a valid token that one address may make a second on average, a process; ten times that at once.',
    { type: 'integer', default: 5, min: 1, max: 100_000 },
  ),
];
