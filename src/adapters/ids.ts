import { createHash, randomBytes } from 'node:crypto';

import type { Ids } from '#application/ports.ts';

const RANDOM_BYTES = 16;
// 22 characters of base64url carry 132 bits: as hard to collide as a random id is to guess.
const DIGEST_CHARACTERS = 22;

/** Random ids and digests from the platform's cryptography. */
export const cryptoIds: Ids = {
  random: () => randomBytes(RANDOM_BYTES).toString('base64url'),
  digest: (text) => createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, DIGEST_CHARACTERS),
};
