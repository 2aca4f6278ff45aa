import { readFileSync } from 'node:fs';
import { buildOf, type Build } from '#application/build.ts';

/** What this very process was made from. */
export function productBuild(): Build {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return buildOf(JSON.parse(text) as { readonly version: string });
}
