import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { top } from './source.ts';

type Locked = {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
};
type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};

const json = (path: string): unknown => JSON.parse(readFileSync(join(top, path), 'utf8'));
const manifest = json('package.json') as Manifest;
const { packages } = json('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([path]) => path !== '');
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const EXACT = /^(npm:[@a-z0-9/_-]+@)?\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/;

test('every dependency is pinned to one exact version, and stays so when one is added', () => {
  const asked = { ...manifest.dependencies, ...manifest.devDependencies };
  expect(Object.entries(asked).filter(([, version]) => !EXACT.test(version))).toEqual([]);
  expect(readFileSync(join(top, '.npmrc'), 'utf8')).toContain('save-exact=true');
  expect(['^1.0.0', '~1.0.0', '1.x', 'latest', 'github:a/b', 'file:../a'].filter((one) => EXACT.test(one))).toEqual([]);
});

/** Of a registry whatever its address, and the very one that was locked. */
const isLocked = ([, { resolved, integrity = '' }]: (typeof locked)[number]): boolean =>
  (resolved === undefined || /^https:\/\/registry\.npmjs\.org\/[^?#]+\.tgz$/.test(resolved)) &&
  /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity);

test('every package of the lockfile is one of the registry, with the digest of the one that was locked', () => {
  expect(locked.length).toBeGreaterThan(200);
  expect(locked.filter((one) => !isLocked(one))).toEqual([]);
  const [path, some] = locked[0] ?? ['', { version: '' }];
  const planted = [
    { ...some, resolved: 'https://mirror.example.com/a/-/a-1.0.0.tgz' },
    { ...some, resolved: 'git+ssh://git@github.com/a/b.git#0a1b2c3' },
    { version: '1.0.0' },
  ];
  expect(planted.filter((one) => isLocked([path, one]))).toEqual([]);
});

test('nothing that runs in production runs a script when it is installed; who else may is named', () => {
  const running = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  // Its script only looks for loose versions in the package that asked for it, and prints; nothing needs it to have run.
  const harmless = ['node_modules/protobufjs'];
  expect(running.filter(([path, { dev }]) => dev !== true && !harmless.includes(path))).toEqual([]);
  const names = new Set(running.map(([path]) => nameOf(path)));
  expect(Object.keys(manifest.allowScripts).filter((name) => !names.has(name))).toEqual([]);
});

test('the bill of materials names everything that runs in production, with its digest, and nothing else', () => {
  const printed = execFileSync(process.execPath, [join(top, 'packaging/sbom.ts')], { encoding: 'utf8' });
  const bom = JSON.parse(printed) as {
    readonly bomFormat: string;
    readonly metadata: { readonly component: { readonly name: string } };
    readonly components: readonly { readonly purl: string; readonly hashes: readonly { readonly alg: string }[] }[];
    readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  };
  expect([bom.bomFormat, bom.metadata.component.name]).toEqual(['CycloneDX', 'journey-orchestrator']);
  const listed = new Set(
    bom.components.map(({ purl }) => decodeURIComponent(purl.replace(/^pkg:npm\//, '').split('?')[0] ?? '')),
  );
  const runs = locked.flatMap(([path, { dev, version }]) => (dev === true ? [] : [`${nameOf(path)}@${version}`]));
  expect([...listed].toSorted()).toEqual([...new Set(runs)].toSorted());
  expect(bom.components.filter(({ hashes }) => !hashes.some(({ alg }) => alg === 'SHA-512'))).toEqual([]);
  const [root] = bom.dependencies.filter(({ ref }) => ref.startsWith('journey-orchestrator@'));
  const direct = Object.entries(manifest.dependencies).map(([name, version]) => `${name}@${version}`);
  expect(root?.dependsOn).toEqual(expect.arrayContaining(direct));
});
