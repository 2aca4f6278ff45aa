import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAst } from 'vitest/node';

/** A file of the repository, by its path from the top: `src/core/plan.ts`. */
export type Source = { readonly path: string; readonly text: string };

/** A node of the syntax tree (ESTree with TypeScript). */
export type Syntax = { readonly type: string; readonly start: number } & { readonly [key: string]: unknown };

export type Found = { readonly node: Syntax; readonly parent: Syntax | null; readonly key: string };

export const top = join(import.meta.dirname, '../..');

/** The files of a folder and below whose names end so. A folder that does not exist has none. */
export function sourcesIn(folder: string, ending: string): readonly Source[] {
  return filesIn(join(top, folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => ({ path: relative(top, file), text: readFileSync(file, 'utf8') }));
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const trees = new WeakMap<Source, Syntax>();

export function syntaxOf(source: Source): Syntax {
  const known = trees.get(source);
  if (known) return known;
  const tree = parseAst(source.text, { lang: 'ts' }, source.path) as unknown as Syntax;
  trees.set(source, tree);
  return tree;
}

/** Every node below, with the node above it and the field in which it stands there. */
export function* nodesOf(node: Syntax, parent: Syntax | null = null, under = ''): Generator<Found> {
  yield { node, parent, key: under };
  for (const [key, value] of Object.entries(node))
    for (const child of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (isSyntax(child)) yield* nodesOf(child, node, key);
}

export const isSyntax = (value: unknown): value is Syntax =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value;

/** `src/core/plan.ts:12` */
export const placeOf = ({ path, text }: Source, { start }: Pick<Syntax, 'start'>): string =>
  `${path}:${text.slice(0, start).split('\n').length}`;

export const nameOf = (node: unknown): string | undefined =>
  isSyntax(node) && node.type === 'Identifier' ? String(node['name']) : undefined;
