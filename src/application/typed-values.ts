/** `a, b` as a list. */
export const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/**
 * The value of `name=value`. Numbers, booleans, lists, objects and quoted text are JSON; other text with a comma is a
 * list, so that `users=ann,` is a list of one; and everything else is text as it stands.
 */
export function pairValue(text: string): unknown {
  const json = tryJson(text);
  // JSON would round a long number, and an account number that comes out changed is worse than one that is text.
  if (typeof json === 'number' && !keepsDigits(json)) return text;
  if (json !== undefined && json !== null) return json;
  return text.includes(',') ? splitList(text) : text;
}

const keepsDigits = (number: number): boolean =>
  Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
