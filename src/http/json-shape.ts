import { FORBIDDEN_KEYS } from '#application/fields.ts';
import type { HttpLimits } from './limits.ts';

/** What is wrong with the shape of parsed JSON, in words; undefined when nothing is. Never recurses. */
export function shapeProblem(root: unknown, { json_depth, json_keys }: HttpLimits): string | undefined {
  const open: { readonly value: object; readonly depth: number }[] = [];
  let keys = 0;
  const visit = (value: unknown, depth: number): string | undefined => {
    if (typeof value === 'object' && value !== null) {
      if (depth > json_depth) return `The body nests deeper than ${json_depth} levels.`;
      open.push({ value, depth });
      return undefined;
    }
    return scalarProblem(value);
  };
  let problem = visit(root, 1);
  for (let next = open.pop(); next !== undefined && problem === undefined; next = open.pop()) {
    const { value, depth } = next;
    if (!Array.isArray(value)) {
      const names = Object.keys(value);
      keys += names.length;
      if (keys > json_keys) return `The body has more than ${json_keys} keys.`;
      problem = names.map(keyProblem).find((found) => found !== undefined);
    }
    for (const child of Object.values(value)) problem ??= visit(child, depth + 1);
  }
  return problem;
}

const keyProblem = (name: string): string | undefined =>
  FORBIDDEN_KEYS.has(name) ? `The key ${name} is not allowed.` : scalarProblem(name);

function scalarProblem(value: unknown): string | undefined {
  // PostgreSQL stores neither in jsonb: one such value would fail the batch that it is written with.
  if (typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed()))
    return 'The body holds text with U+0000 or half of a surrogate pair, which cannot be stored.';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'The body holds a number that is too large.';
  return undefined;
}
