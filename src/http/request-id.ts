import type { Ids } from '#application/ports.ts';

const CLIENT_ID = /^[A-Za-z0-9._-]{8,64}$/;
const LONGEST = 100;

/**
 * An id that no other request has, led by the caller's own where it gave a usable one. The journal recognises its own
 * commits by it, so a caller that sends the same id twice must not make two requests look like one.
 */
export function requestIdFor(given: string | undefined, ids: Pick<Ids, 'random'>): string {
  const unique = ids.random();
  if (given === undefined || !CLIENT_ID.test(given)) return unique;
  const both = `${given}~${unique}`;
  return both.length <= LONGEST ? both : unique;
}
