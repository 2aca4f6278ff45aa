import { closest, distance } from 'fastest-levenshtein';

/** The allowed word that a misspelt one most likely means; undefined when none is near. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const candidate = closest(word, [...allowed]);
  return distance(word, candidate) <= Math.max(2, Math.floor(candidate.length / 3)) ? candidate : undefined;
}

/** `did you mean "max_high"? Allowed are max_critical, max_high.` */
export function allowedText(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  const list = allowed.length > 0 ? `Allowed are ${allowed.join(', ')}.` : 'Nothing is allowed here.';
  return near === undefined ? list : `did you mean "${near}"? ${list}`;
}
