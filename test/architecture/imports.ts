import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { isSyntax, nodesOf, placeOf, syntaxOf, top, type Source, type Syntax } from './source.ts';

export type Import = {
  readonly place: string;
  readonly specifier: string;
  /** Nothing of it is there when the program runs. */
  readonly typeOnly: boolean;
  readonly names: readonly string[];
};

export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string };

/** Everything that a file imports: statements, re-exports, import() of values and of types. */
export function importsOf(source: Source): readonly Import[] {
  return [...nodesOf(syntaxOf(source))].flatMap(({ node }) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return [];
    return [{ place: placeOf(source, node), specifier, typeOnly: isTypeOnly(node), names: namesOf(node) }];
  });
}

function specifierOf(node: Syntax): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return node['source'] === null ? undefined : textOf(node['source']);
    case 'TSImportType':
      return textOf(node['source'] ?? node['argument']);
    case 'CallExpression':
      return isRequire(node['callee']) ? textOf((node['arguments'] as readonly unknown[])[0]) : undefined;
    default:
      return undefined;
  }
}

const isRequire = (callee: unknown): boolean => isSyntax(callee) && callee['name'] === 'require';

/** A specifier that is computed cannot be checked, so it is none that any ring may have. */
function textOf(node: unknown): string {
  if (isSyntax(node) && isSyntax(node['literal'])) return textOf(node['literal']);
  return isSyntax(node) && typeof node['value'] === 'string' ? node['value'] : '(computed)';
}

function isTypeOnly(node: Syntax): boolean {
  if (node.type === 'TSImportType') return true;
  const kind = node['importKind'] ?? node['exportKind'];
  const specifiers = (node['specifiers'] ?? []) as readonly Syntax[];
  return kind === 'type' || (specifiers.length > 0 && specifiers.every((one) => one['importKind'] === 'type'));
}

const namesOf = (node: Syntax): readonly string[] =>
  ((node['specifiers'] ?? []) as readonly Syntax[]).map((one) => {
    const imported = one['imported'];
    return isSyntax(imported) ? String(imported['name'] ?? imported['value']) : '*';
  });

const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as {
  readonly imports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

/** What the product needs when it runs. */
export const dependencies: readonly string[] = Object.keys(manifest.dependencies);

const builtin = new Set(builtinModules);

/** The file, package or node module that a specifier means; aliases are those of package.json. */
export function resolve(from: string, specifier: string): Target {
  if (specifier.startsWith('.')) return { kind: 'file', path: posix.join(posix.dirname(from), specifier) };
  if (specifier.startsWith('#')) return { kind: 'file', path: aliased(specifier) };
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier };
  if (builtin.has(specifier)) return { kind: 'node', name: `node:${specifier}` };
  const [first = '', second] = specifier.split('/');
  return { kind: 'package', name: first.startsWith('@') ? `${first}/${second ?? ''}` : first };
}

function aliased(specifier: string): string {
  for (const [alias, path] of Object.entries(manifest.imports)) {
    const [before = '', after = ''] = alias.split('*');
    if (specifier.startsWith(before) && specifier.endsWith(after))
      return posix.normalize(path.replace('*', specifier.slice(before.length, specifier.length - after.length)));
  }
  return specifier;
}
