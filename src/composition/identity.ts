import { authenticateWith, type Authenticate } from '#application/tokens.ts';
import type { TokenStore } from '#application/dependencies.ts';
import type { Clock, Ids, Logger } from '#application/ports.ts';
import { isJwt, oidcTokens } from '#adapters/oidc/oidc-tokens.ts';
import type { Settings } from '#settings/settings.ts';

/** By which tokens somebody comes in: our own, and those of the issuer that the settings name. */
export function identityOf(
  { oidc, http }: Settings,
  reach: { readonly tokens: TokenStore; readonly clock: Clock; readonly ids: Ids; readonly logger: Logger },
): Authenticate {
  if (oidc === null) return authenticateWith(reach);
  const mcpAudience = http.publicUrl === null ? null : `${http.publicUrl.replace(/\/+$/, '')}/mcp`;
  const authenticate = oidcTokens({ ...oidc, mcpAudience, clock: reach.clock, logger: reach.logger });
  return authenticateWith({ ...reach, others: { isOne: isJwt, authenticate } });
}
