/** Takes secrets out of a line of JSON or of text. */
export type Redact = (line: string) => string;

export const HIDDEN = '***';

/** Shorter ones would take words out of sentences, and guard nothing. */
const SHORTEST = 6;
/** From here on a secret is no word: it is found also in the middle of others. */
const NO_WORD = 16;

/** Whatever stands under such a key, at any depth. */
const KEYS =
  /"((?:[\w-]*[_-])?(?:password|passwd|secret|token|authorization|cookie|api_?key|connection_string))":"(?:[^"\\]|\\.)+"/gi;

/** What looks like one wherever it came from: how others write tokens, and passwords within addresses. */
const SHAPES: readonly (readonly [shape: RegExp, instead: string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\bxox[a-z]-[A-Za-z0-9-]{6,}|\bxapp-[A-Za-z0-9-]{6,}/g, HIDDEN],
  [/\bjo_[A-Za-z0-9_-]{16,}/g, HIDDEN],
  [/\bwhsec_[A-Za-z0-9+/=]{8,}/g, HIDDEN],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*):[^\s/@"]+@/gi, `$1:${HIDDEN}@`],
];

/** By key, by what secrets look like, and by the very values that the settings have. */
export function redactor(secrets: readonly string[]): Redact {
  const known = secretPattern(secrets);
  return (line) => {
    let clean = line.replace(KEYS, `"$1":"${HIDDEN}"`);
    for (const [shape, instead] of SHAPES) clean = clean.replace(shape, instead);
    return known ? clean.replace(known, HIDDEN) : clean;
  };
}

function secretPattern(secrets: readonly string[]): RegExp | undefined {
  const written = secrets
    .filter(({ length }) => length >= SHORTEST)
    // As it is, within JSON, and within an address.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())]);
  // The longest first: one may begin with another.
  const patterns = [...new Set(written)].toSorted((a, b) => b.length - a.length).map(patternOf);
  return patterns.length === 0 ? undefined : new RegExp(patterns.join('|'), 'g');
}

function patternOf(secret: string): string {
  const literal = secret.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return secret.length >= NO_WORD ? literal : `(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`;
}
