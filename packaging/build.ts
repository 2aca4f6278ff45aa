import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Compiles the product into `dist/`, which is what a package of it holds: Node strips no types below node_modules. It has the
 * same rooms as the checkout and a package.json of its own, whose aliases lead to the compiled files.
 */
const top = join(import.meta.dirname, '..');
const dist = join(top, 'dist');

type Manifest = {
  readonly version: string;
  readonly type: string;
  readonly imports: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
};

rmSync(dist, { recursive: true, force: true });
execFileSync(join(top, 'node_modules/.bin/tsc'), ['--project', join(top, 'packaging')], { stdio: 'inherit' });
cpSync(join(top, 'migrations'), join(dist, 'migrations'), { recursive: true });
const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Manifest;
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(compiled(manifest), null, 2)}\n`);
for (const path of Object.values(manifest.bin)) chmodSync(join(top, path), 0o755);

function compiled({ version, type, imports }: Manifest): object {
  const commit = commitOf();
  return {
    version,
    ...(commit === undefined ? {} : { gitHead: commit }),
    type,
    imports: Object.fromEntries(Object.entries(imports).map(([alias, path]) => [alias, path.replace(/\.ts$/, '.js')])),
  };
}

/** A tree without git, as a release archive is one, is built all the same; it then does not say from what. */
function commitOf(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: top, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
