import { readFileSync, statSync } from 'node:fs';
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import type { Problem } from './problem.ts';

/** Names that reach an object's prototype when some code down the line copies key by key. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Generous for configuration, and small enough that a hostile or broken file cannot exhaust the process. */
export const yamlLimits = { bytes: 256 * 1024, nodes: 10_000, aliases: 50, depth: 50 } as const;

export type YamlRead =
  | { readonly state: 'read'; readonly tree: unknown }
  | { readonly state: 'bad'; readonly problem: Problem };

export type TextRead =
  | { readonly state: 'read'; readonly text: string }
  | { readonly state: 'missing' }
  | { readonly state: 'bad'; readonly why: string };

/** The file as text, if it is no larger than any configuration should be. */
export function readText(path: string): TextRead {
  try {
    const { size } = statSync(path);
    if (size > yamlLimits.bytes)
      return { state: 'bad', why: `has ${size} bytes; at most ${yamlLimits.bytes} are read` };
    return { state: 'read', text: readFileSync(path, 'utf8') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { state: 'missing' };
    return { state: 'bad', why: `cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
}

/**
 * The text as plain JSON values: no tags of its own, no shared or circular parts, nothing JSON cannot hold. `path` is only
 * named in problems.
 */
export function parseYaml(path: string, text: string): YamlRead {
  try {
    const { maxDepth, maxAliases } = { maxDepth: yamlLimits.depth, maxAliases: yamlLimits.aliases };
    const parsed = load(text, { schema: CORE_SCHEMA, maxDepth, maxAliases });
    return { state: 'read', tree: plain(parsed, { left: yamlLimits.nodes }, 0) };
  } catch (error) {
    if (error instanceof YAMLException) {
      const line = error.mark ? ` (line ${error.mark.line + 1}, column ${error.mark.column + 1})` : '';
      return bad(path, `is not valid YAML: ${error.reason}${line}`);
    }
    return bad(path, error instanceof Error ? error.message : String(error));
  }
}

const bad = (path: string, allowed: string): YamlRead => ({
  state: 'bad',
  problem: { where: path, path: '', allowed },
});

/**
 * A copy without sharing. Aliases are unfolded against the budget, so that a few lines that stand for millions of nodes
 * (and a list that contains itself) end here.
 */
function plain(value: unknown, budget: { left: number }, depth: number): unknown {
  // The parser counts the depth without aliases, through which a value may contain itself.
  if (depth > yamlLimits.depth) throw new Error(`nests deeper than ${yamlLimits.depth} levels`);
  budget.left -= 1;
  if (budget.left < 0) throw new Error(`stands for more than ${yamlLimits.nodes} values`);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`holds ${value}, which is not a finite number`);
  if (Array.isArray(value)) return value.map((item) => plain(item, budget, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    if (FORBIDDEN_KEYS.has(key)) throw new Error(`holds the key ${key}, which is not allowed`);
    return [key, plain(item, budget, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}
