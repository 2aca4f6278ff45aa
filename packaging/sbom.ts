import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Prints the bill of materials of what runs in production, as CycloneDX, from the lockfile alone. npm's own `--omit=dev`
 * leaves out whatever a development dependency needs as well, hono and half of pg among it; so npm lists everything and
 * what serves development alone is taken out here.
 */
type Property = { readonly name: string; readonly value: string };
type Component = { readonly 'bom-ref': string; readonly name: string; readonly properties?: readonly Property[] };
type Bom = {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};

const top = join(import.meta.dirname, '..');
const { name } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { readonly name: string };
const listed = execFileSync(
  'npm',
  ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'],
  {
    cwd: top,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
);
process.stdout.write(`${JSON.stringify(inProduction(JSON.parse(listed) as Bom), null, 2)}\n`);

function inProduction(bom: Bom): Bom {
  const gone = new Set(bom.components.filter(isForDevelopment).map((component) => component['bom-ref']));
  return {
    ...bom,
    // npm calls the root by its folder.
    metadata: { ...bom.metadata, component: { ...bom.metadata.component, name } },
    components: bom.components.filter((component) => !gone.has(component['bom-ref'])),
    dependencies: bom.dependencies
      .filter(({ ref }) => !gone.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => !gone.has(other)) })),
  };
}

function isForDevelopment({ properties = [] }: Component): boolean {
  return properties.some((one) => one.name === 'cdx:npm:package:development' && one.value === 'true');
}
