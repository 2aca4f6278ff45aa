import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { top } from './manifests.ts';

const run = promisify(execFile);
/** A first start makes an embedded database, which takes its time on a busy machine. */
const PATIENCE_MS = 180_000;
const PATH = `${join(top, 'node_modules/.bin')}:${process.env['PATH']}`;

type Ran = { readonly code: number; readonly out: string; readonly err: string };

/**
 * What `npm pack` makes, in a folder of its own. Its dependencies are those of the checkout by links, so that no registry is
 * asked; the package itself is a real folder below node_modules, where Node strips no types.
 */
describe('the package that npm pack makes, installed elsewhere', () => {
  let place: string;
  let packed: string;

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'journey-package-'));
    packed = join(place, 'node_modules/journey-orchestrator');
    mkdirSync(packed, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', place], { cwd: top, env: { PATH } });
    // What the build says comes before npm's answer.
    const [{ filename = '' } = {}] = filesIn(stdout);
    await run('tar', ['-xzf', join(place, filename), '-C', packed, '--strip-components=1']);
    for (const name of runtimeDependencies()) {
      const link = join(place, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(top, 'node_modules', name), link);
    }
  }, PATIENCE_MS);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const env = (more: Readonly<Record<string, string>> = {}) => ({ PATH, HOME: place, ...more });

  /** A program of the package, as npm links it. */
  function start(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): ChildProcess {
    const { bin } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as {
      readonly bin: Readonly<Record<string, string>>;
    };
    return spawn(join(packed, bin[name] ?? ''), args, { cwd: place, env: env(more), timeout: PATIENCE_MS });
  }

  test('holds compiled files with what they read, and nothing of the tests', () => {
    const files = readdirSync(packed, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
    expect(files.filter((file) => /^(test|examples)\b/.test(file))).toEqual([]);
    expect(readdirSync(join(packed, 'dist/migrations'))).toEqual(readdirSync(join(top, 'migrations')));
    expect(readdirSync(join(packed, 'config'))).toEqual(readdirSync(join(top, 'config')));
    expect(files).toEqual(expect.arrayContaining(['docs/operations.md', 'CHANGELOG.md', 'README.md']));
  });

  test(
    'S138: its server starts from its own configuration, its journey-cli starts a journey there, and both end well',
    async () => {
      const init = await ended(start('journey-orchestrator', ['init']));
      expect(init).toEqual({ code: 0, out: expect.stringContaining('in ./config'), err: '' });
      const again = await ended(start('journey-orchestrator', ['init']));
      expect([again.code, again.err]).toEqual([1, expect.stringContaining('There is a ./config already')]);

      const server = start('journey-orchestrator', [], { JOURNEY_HTTP_PORT: '0' });
      const told = textOf(server.stderr);
      try {
        const JOURNEY_API_URL = await listening(server, told);
        const cli = (...args: readonly string[]) => ended(start('journey-cli', args, { JOURNEY_API_URL }));
        const started = await cli('start', '--client-id=client-123', '--data-sources=jira');
        expect(started).toEqual({ code: 0, out: expect.stringContaining('client-123 has started'), err: '' });
        expect((await cli('status', '--client-id=client-123')).out).toContain('Stage           Sandbox (sandbox)');
        const health = (await fetch(`${JOURNEY_API_URL}/health`).then((answer) => answer.json())) as object;
        const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
        expect(health).toEqual({ status: 'ok', version, commit: commitHere() });
        const metrics = await fetch(`${JOURNEY_API_URL}/metrics`).then((answer) => answer.text());
        expect(metrics).toContain(`journey_build_info{version="${version}",commit="`);
      } finally {
        server.kill('SIGTERM');
        if (server.exitCode === null) await once(server, 'close');
      }
      expect(server.exitCode).toBe(0);
    },
    PATIENCE_MS,
  );

  test('without configuration it says which files are missing, and how to come by some', async () => {
    const folder = mkdtempSync(join(place, 'empty-'));
    const { code, err } = await ended(start('journey-orchestrator', [], { JOURNEY_CONFIG_DIR: folder }));
    expect(code).toBe(1);
    expect(err).toContain(`${folder}/stages.yaml: there is no such file`);
    expect(err).toContain('journey-orchestrator init');
  });

  test('an older Node is told by its version, and what to do', async () => {
    const older = `data:text/javascript,${encodeURIComponent(
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });",
    )}`;
    for (const name of ['journey-cli', 'journey-orchestrator']) {
      const child = spawn(process.execPath, ['--import', older, join(packed, `dist/bin/${name}.js`)], { env: env() });
      const { code, err } = await ended(child);
      expect(code).toBe(1);
      expect(err).toContain('needs Node 24 or newer');
      expect(err).toContain('npm install node@24');
    }
  });

  test('whoever takes journey-orchestrator for the command line is told which one that is', async () => {
    const { code, err } = await ended(start('journey-orchestrator', ['status']));
    expect([code, err]).toEqual([2, expect.stringContaining('journey-cli does everything else')]);
  });
});

async function ended(child: ChildProcess): Promise<Ran> {
  const [out, err, [code]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, out, err };
}

/** Null where the tests run on a tree without git. */
function commitHere(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: top, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}

const filesIn = (stdout: string): readonly { readonly filename?: string }[] =>
  JSON.parse(stdout.slice(stdout.search(/^\[/m))) as readonly { readonly filename?: string }[];

/** The packages that npm would install beside it. */
function runtimeDependencies(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(packages).flatMap(([path, { dev }]) =>
    /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true ? [path.slice('node_modules/'.length)] : [],
  );
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

/** The address that it says it listens at. */
async function listening({ stdout }: ChildProcess, told: Promise<string>): Promise<string> {
  if (!stdout) throw new Error('Nothing can be heard.');
  for await (const line of createInterface({ input: stdout })) {
    const address = /Listening on (http:\/\/[^"\s]+)/.exec(line)?.[1];
    if (address === undefined) continue;
    stdout.resume();
    return address;
  }
  throw new Error(`It did not start: ${await told}`);
}
