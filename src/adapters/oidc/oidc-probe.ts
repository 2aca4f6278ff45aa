import type { Clock } from '#application/ports.ts';
import type { Probe } from '#application/probes.ts';
import { boundedJson } from './bounded-json.ts';
import { fetchKeys } from './issuer.ts';

/** The issuer as the server itself would ask it: what it calls itself, and whether it tells its keys. */
export const oidcProbe = (oidc: { readonly issuer: string } | null, clock: Pick<Clock, 'sleep'>): Probe => ({
  name: 'oidc',
  look: async (signal) => {
    if (oidc === null) return [{ state: 'off', said: 'JOURNEY_OIDC_ISSUER is not set.' }];
    try {
      const { keys } = await fetchKeys(oidc.issuer, boundedJson(clock), signal);
      const named = keys.map(({ kid, alg, kty }) => `${kid ?? 'without a name'} (${alg ?? kty})`);
      return [{ state: 'ok', said: `${oidc.issuer} has ${keys.length} keys: ${named.slice(0, 5).join(', ')}` }];
    } catch (error) {
      return [
        {
          state: 'failed',
          said: `${oidc.issuer} does not tell its keys: ${(error as Error).message}`,
          hint: 'JOURNEY_OIDC_ISSUER must be what its own /.well-known/openid-configuration says, and be reachable from here. Keys that are known go on working.',
        },
      ];
    }
  },
});
