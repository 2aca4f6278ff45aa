import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWhere } from '#test/support/where.ts';
import { top } from './manifests.ts';

const dockerfile = readFileSync(join(top, 'Dockerfile'), 'utf8');
const USER = 10_001;
const TOKEN = 'a-token-of-the-image-test';
const isRoot = process.getuid?.() === 0;

/** What the image is made from, as its last stage names it. */
const copied = (): readonly string[] =>
  dockerfile
    .slice(dockerfile.lastIndexOf('\nFROM '))
    .split('\n')
    .flatMap((line) => /^COPY (?:--from=dependencies \/app\/)?(?!--|node_modules)(\S+) \.\//.exec(line)?.[1] ?? []);

/** The packages of `npm ci --omit=dev`, as the lockfile has them. */
function runtimePackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  return Object.keys(packages).filter(
    (path) =>
      path.startsWith('node_modules/') &&
      packages[path]?.dev !== true &&
      // Native parts for other platforms are left out.
      (packages[path]?.optional !== true || existsSync(join(top, path))),
  );
}

describe('S116: the image', () => {
  test('is made from files that there are, by a user that is not root, from a base of one exact version', () => {
    expect(copied()).toEqual(['config', 'migrations', 'bot', 'mcp', 'src', 'package.json']);
    const kept = readFileSync(join(top, '.dockerignore'), 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    expect(kept).toEqual(expect.arrayContaining([...copied()]));
    expect(dockerfile).toMatch(new RegExp(`^USER ${USER}:${USER}$`, 'm'));
    for (const [, tag = ''] of dockerfile.matchAll(/^FROM node:(\S+)/gm)) expect(tag).toMatch(/^\d+\.\d+\.\d+-/);
  });

  test('says which commit it was made from, where whoever builds it does', () => {
    expect(dockerfile).toMatch(/^ARG GIT_COMMIT=''$/m);
    expect(dockerfile).toContain('npm pkg set gitHead="$GIT_COMMIT"');
    expect(dockerfile).toMatch(/^COPY --from=dependencies \/app\/package\.json \.\/$/m);
  });

  test('has journey-cli on its PATH, and it can be run', () => {
    expect(dockerfile).toContain('ln -s /app/src/cli/journey-cli.ts /usr/local/bin/journey-cli');
    expect(statSync(join(top, 'src/cli/journey-cli.ts')).mode & 0o111, 'it is executable').toBe(0o111);
  });
});

describeWhere(isRoot, `the image's tree, as uid ${USER}`, 'only root may become another user', () => {
  let place: string;
  let node: string;
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'journey-image-'));
    chmodSync(place, 0o755);
    const app = join(place, 'app');
    mkdirSync(join(app, 'node_modules'), { recursive: true });
    for (const path of copied()) cpSync(join(top, path), join(app, path), { recursive: true });
    for (const path of runtimePackages())
      cpSync(join(top, path), join(app, path), {
        recursive: true,
        filter: (from) => !from.endsWith('/node_modules'),
      });
    readOnly(app);
    node = copiedNode(join(place, 'bin'));
    symlinkSync(join(app, 'src/cli/journey-cli.ts'), join(place, 'bin/journey-cli'));
    const data = join(place, 'data');
    mkdirSync(data);
    chownSync(data, USER, USER);
    server = run(node, ['src/main.ts'], { JOURNEY_HTTP_PORT: '0', JOURNEY_HTTP_HOST: '127.0.0.1' });
    url = await listening(server);
  }, 120_000);
  afterAll(async () => {
    if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
    rmSync(place, { recursive: true, force: true });
  });

  function run(command: string, args: readonly string[], env: Record<string, string>): ChildProcess {
    return spawn(command, args, {
      cwd: join(place, 'app'),
      uid: USER,
      gid: USER,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${join(place, 'bin')}:/usr/bin:/bin`,
        NODE_ENV: 'production',
        JOURNEY_DATA_DIR: join(place, 'data'),
        JOURNEY_CONFIG_DIR: join(place, 'app/config'),
        JOURNEY_BOOTSTRAP_TOKEN: TOKEN,
        ...env,
      },
    });
  }

  test('S122: starts with nothing to write to but its data folder, and is ready', async () => {
    await expect(fetch(`${url}/health`).then(({ status }) => status)).resolves.toBe(200);
    await expect(fetch(`${url}/ready`).then(({ status }) => status)).resolves.toBe(200);
    expect(readdirSync(join(place, 'data'))).toContain('database');
  });

  test('S138: journey-cli runs beside it, with the token that the Pod has', async () => {
    const file = join(place, 'bootstrap.token');
    writeFileSync(file, `${TOKEN}\n`, { mode: 0o644 });
    for (const token of [
      { JOURNEY_API_TOKEN: TOKEN },
      { JOURNEY_BOOTSTRAP_TOKEN: TOKEN },
      { JOURNEY_BOOTSTRAP_TOKEN: '', JOURNEY_BOOTSTRAP_TOKEN_FILE: file },
    ]) {
      const cli = run('journey-cli', ['list'], { JOURNEY_API_URL: url, JOURNEY_DATA_DIR: '/nonexistent', ...token });
      const [out, err] = await Promise.all([textOf(cli.stdout), textOf(cli.stderr)]);
      expect({ out, err }).toEqual({ out: 'No journeys.\n', err: '' });
    }
  });

  test('S122: a SIGTERM ends it with exit code 0', async () => {
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });
});

function readOnly(path: string): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) {
      const file = join(entry.parentPath, entry.name);
      chmodSync(file, statSync(file).mode & 0o555);
    }
}

/** Where the tests' own Node lies, another user may not look. */
function copiedNode(folder: string): string {
  mkdirSync(folder);
  const node = join(folder, 'node');
  try {
    linkSync(process.execPath, node);
  } catch {
    copyFileSync(process.execPath, node);
  }
  return node;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

/** The address that it says it listens at; throws what it said when it ended before. */
async function listening({ stdout, stderr }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error(`Nothing can be heard in ${dirname(top)}.`);
  const said: string[] = [];
  for await (const line of createInterface({ input: stdout })) {
    const address = /Listening on (http:\/\/[^"\s]+)/.exec(line)?.[1];
    if (address !== undefined) {
      stdout.resume();
      stderr?.resume();
      return address;
    }
    said.push(line);
  }
  throw new Error(`It did not start: ${said.join('\n')}\n${await textOf(stderr)}`);
}
