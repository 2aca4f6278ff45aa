import { existsSync } from 'node:fs';
import { describe } from 'vitest';

/** Where the system has a program; undefined: nowhere. */
export const programNamed = (name: string): string | undefined =>
  ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/sbin']
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));

/**
 * Tests that need more than npm brings: where that is missing they are left out, and their title says so. The only place
 * that may leave tests out.
 */
export function describeWhere(isThere: boolean, title: string, missing: string, body: () => void): void {
  const suite = isThere ? describe : describe.skip;
  suite(isThere ? title : `${title} (left out: ${missing})`, body);
}
