import { createHmac, timingSafeEqual } from 'node:crypto';

/** Tokens by which agents show that they were asked to tell us about an attempt. Nothing is kept: they follow from the key. */
export type PushTokens = {
  readonly of: (attemptId: string) => string;
  /** In constant time, so that a token cannot be guessed letter by letter. */
  readonly fits: (attemptId: string, token: string) => boolean;
};

export function pushTokens(key: string): PushTokens {
  const of = (attemptId: string): string => createHmac('sha256', key).update(attemptId).digest('base64url');
  return {
    of,
    fits: (attemptId, token) => {
      const [wanted, given] = [Buffer.from(of(attemptId)), Buffer.from(token)];
      return wanted.length === given.length && timingSafeEqual(wanted, given);
    },
  };
}
