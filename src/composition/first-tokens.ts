import { JourneyError } from '#core/errors.ts';
import { keepBootstrapToken, keepLocalTokens } from '#adapters/local-tokens.ts';
import type { Settings } from '#settings/settings.ts';

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** The tokens that are there before anybody could make one. */
export async function keepFirstTokens(
  { http, store, oidc, bootstrapToken }: Settings,
  reach: Parameters<typeof keepLocalTokens>[1],
): Promise<void> {
  if (bootstrapToken !== null) await keepBootstrapToken(bootstrapToken, reach);
  if (isLoopback(http.host)) return keepLocalTokens(store.dataDir, reach);
  if (oidc !== null) return;
  const guarded = (await reach.tokens.list()).some(({ local, revoked_at }) => !local && revoked_at === null);
  if (!guarded)
    throw new JourneyError(
      'settings.invalid',
      `JOURNEY_HTTP_HOST is ${http.host}, which others can reach, and neither a token nor an issuer of tokens guards it.`,
      'Set JOURNEY_BOOTSTRAP_TOKEN (or JOURNEY_BOOTSTRAP_TOKEN_FILE) or JOURNEY_OIDC_ISSUER, or listen on 127.0.0.1 and make a token with journey-cli token create.',
    );
}
