import { describe, expect, test } from 'vitest';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { messageOf, realConfig } from './seeded-config.ts';

const load = (env: Environment) => loadSettings({ env, configDir: realConfig });
const both = { JOURNEY_OIDC_ISSUER: 'https://id.example/realms/a', JOURNEY_OIDC_AUDIENCE: 'journeys, other' };

describe('S44: the settings of OpenID Connect', () => {
  test('without an issuer only own tokens are taken', () => {
    expect(load({}).oidc).toBeNull();
  });

  test('with an issuer and an audience, our roles mean themselves', () => {
    expect(load(both).oidc).toEqual({
      issuer: 'https://id.example/realms/a',
      audiences: ['journeys', 'other'],
      nameClaim: 'sub',
      rolesClaim: 'roles',
      roles: {
        viewer: ['viewer'],
        operator: ['operator'],
        approver: ['approver'],
        admin: ['admin'],
        agent: ['agent'],
      },
      clientsClaim: null,
      groupsClaim: null,
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      clockTolerance_ms: 30_000,
    });
  });

  test('values of the roles claim may mean several roles, and the kind', () => {
    const { oidc } = load({ ...both, JOURNEY_OIDC_ROLES: 'journey-ops=operator+viewer, bots=agent+operator' });
    expect(oidc?.roles).toEqual({ 'journey-ops': ['operator', 'viewer'], bots: ['agent', 'operator'] });
  });

  test.each([
    [{ JOURNEY_OIDC_ISSUER: both.JOURNEY_OIDC_ISSUER }, 'JOURNEY_OIDC_AUDIENCE: missing'],
    [{ JOURNEY_OIDC_AUDIENCE: 'journeys' }, 'JOURNEY_OIDC_ISSUER: missing although JOURNEY_OIDC_AUDIENCE is set'],
    [{ ...both, JOURNEY_OIDC_ISSUER: 'http://id.example' }, 'JOURNEY_OIDC_ISSUER: must be https'],
    [{ ...both, JOURNEY_OIDC_ISSUER: 'id.example' }, 'JOURNEY_OIDC_ISSUER: must be https'],
    [{ ...both, JOURNEY_OIDC_ISSUER: 'https://me:pw@id.example' }, 'JOURNEY_OIDC_ISSUER: must be https without'],
    [{ ...both, JOURNEY_OIDC_ALGORITHMS: 'RS256,HS256' }, 'JOURNEY_OIDC_ALGORITHMS is "HS256": must be of RS256'],
    [{ ...both, JOURNEY_OIDC_ALGORITHMS: 'none' }, 'JOURNEY_OIDC_ALGORITHMS is "none"'],
    [{ ...both, JOURNEY_OIDC_ROLES: 'ops=boss' }, 'JOURNEY_OIDC_ROLES is "ops=boss": must be value=role'],
    [{ ...both, JOURNEY_OIDC_CLOCK_TOLERANCE_SECONDS: '301' }, 'must be an integer from 0 to 300'],
    [{ JOURNEY_API_CALLS_PER_SECOND: '0' }, 'JOURNEY_API_CALLS_PER_SECOND is "0": must be an integer from 1'],
  ])('%j stops the start and says what is allowed', (env, message) => {
    expect(messageOf({ env })).toContain(message);
    expect(messageOf({ env })).not.toContain('pw');
  });

  test('an issuer on this machine may do without https', () => {
    expect(load({ ...both, JOURNEY_OIDC_ISSUER: 'http://127.0.0.1:9000' }).oidc?.issuer).toBe('http://127.0.0.1:9000');
  });
});
