import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { MINUTE, SECOND } from '#core/time.ts';
import type { Clock, Logger } from '#application/ports.ts';

/** Keys are asked for anew after so long. */
const FRESH_FOR_MS = 10 * MINUTE;
/** And no more often than this, whatever keys tokens name: a stranger must not make us call the issuer. */
const COOLDOWN_MS = 30 * SECOND;

export type IssuerKeysOptions = {
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly clock: Pick<Clock, 'machine'>;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
};

/**
 * The issuer's keys. Those that are known stay known while it is away; a key that is not known is asked for at once,
 * for then it has been rotated. Throws what jose throws where there is no such key, and any other Error where the issuer
 * has never answered.
 */
export function issuerKeys({ fetchKeys, clock, logger }: IssuerKeysOptions): JWTVerifyGetKey {
  let known: { readonly keyOf: JWTVerifyGetKey; readonly at: number } | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failed: Error | null = null;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    askedAt = clock.machine();
    try {
      known = { keyOf: createLocalJWKSet(await fetchKeys()), at: clock.machine() };
      if (failed) logger.info('The OIDC issuer answers again.');
      failed = null;
    } catch (error) {
      const { message } = error as Error;
      if (!failed)
        logger.warn('The keys of the OIDC issuer could not be read.', { error: message, known: known !== null });
      failed = error as Error;
    }
  }
  /** All who need the keys at once wait for one answer. */
  const askOnce = (): Promise<void> => (asking ??= ask().finally(() => (asking = null)));
  const mayAsk = (): boolean => asking !== null || clock.machine() - askedAt >= COOLDOWN_MS;

  return async (header, token) => {
    if (!known) {
      if (mayAsk()) await askOnce();
      if (!known) throw failed ?? new Error('has not answered yet');
    } else if (clock.machine() - known.at >= FRESH_FOR_MS && mayAsk()) void askOnce();
    try {
      return await known.keyOf(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayAsk()) throw error;
      await askOnce();
      return known.keyOf(header, token);
    }
  };
}
