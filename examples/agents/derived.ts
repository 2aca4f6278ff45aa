import { createHash } from 'node:crypto';

// Every figure of the example agents is derived from the input, so that a demo looks the same each time it is shown.

/** The first `length` hexadecimal digits of a digest of the texts. */
export function derivedId(length: number, ...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, length);
}

/** A whole number from `lowest` to `highest`, both included. */
export function derivedNumber(lowest: number, highest: number, ...texts: readonly string[]): number {
  return lowest + (Number.parseInt(derivedId(8, ...texts), 16) % (highest - lowest + 1));
}

/** The text as part of an id: lower case letters, digits and hyphens. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40) || 'x';
