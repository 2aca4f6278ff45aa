import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';

export const top = join(import.meta.dirname, '../..');

/** A manifest, as loosely as a test reads it. */
// oxlint-disable-next-line typescript/no-explicit-any -- manifests are compared with expectations, never built upon.
export type Manifest = any;

export const documentsIn = (path: string): readonly Manifest[] =>
  loadAll(readFileSync(join(top, path), 'utf8')) as readonly Manifest[];

/** The resources of the base: what its kustomization names. */
export function baseResources(): readonly Manifest[] {
  const [{ resources }] = documentsIn('k8s/base/kustomization.yaml') as [Manifest];
  return (resources as readonly string[]).flatMap((file) => documentsIn(`k8s/base/${file}`));
}

export function ofKind(kind: string, manifests: readonly Manifest[] = baseResources()): Manifest {
  const found = manifests.filter((one) => one.kind === kind);
  if (found.length !== 1) throw new Error(`There are ${found.length} manifests of kind ${kind}.`);
  return found[0];
}

export const yamlFilesBelow = (path: string): readonly string[] =>
  readdirSync(join(top, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `${path}/${file}`);
