import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../examples/demo.ts', import.meta.url));
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

type Ended = { readonly code: number | null; readonly output: string; readonly complaints: string };

/** Runs the demo as a user would; each line of its output is shown to `seen`. */
async function demo(args: readonly string[], seen: (line: string, child: ChildProcess) => void = () => undefined) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const lines: string[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    seen(line, child);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: lines.join('\n'), complaints } satisfies Ended;
}

const pidsIn = (output: string): readonly number[] => [...output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const dataDirectoryIn = (output: string): string => /Data directory +(\S+)/.exec(output)?.[1] ?? '';

test('the demo, unattended, takes one client to production and rolls the other back, and leaves nothing behind', async () => {
  const { code, output, complaints } = await demo(['--once']);

  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  for (const claim of [
    'northwind is in production, with sandbox and pilot behind it',
    'northwind has exactly one approval, of its sandbox',
    'northwind was promoted on that approval',
    'globex was rolled back exactly once, to the sandbox',
    'globex says why: Critical bug GLX-17',
  ])
    expect(output).toContain(`✓ ${claim}`);
  expect(output).toMatch(/✓ folding northwind's \d+ events gives its row/);
  expect(output).toMatch(/✓ folding globex's \d+ events gives its row/);
  expect(output).toMatch(/northwind +sandbox +day \d+ of 15 +✗ search_quality: 0\.74 \(target 0\.8\)/);
  expect(pidsIn(output)).toHaveLength(2);
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
  expect(existsSync(dataDirectoryIn(output))).toBe(false);
}, 180_000);

test('an interrupted demo ends its agents and removes its data directory', async () => {
  const { code, output, complaints } = await demo(['--once'], (line, child) => {
    if (line.includes('enters sandbox')) child.kill('SIGINT');
  });

  expect({ code, complaints }).toEqual({ code: 130, complaints: 'Interrupted: everything is ended.\n' });
  expect(pidsIn(output)).toHaveLength(2);
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
  expect(existsSync(dataDirectoryIn(output))).toBe(false);
}, 120_000);

test('a demo that loses an agent fails and says which', async () => {
  const { code, output, complaints } = await demo(['--once'], (line) => {
    const [pid] = pidsIn(line);
    if (line.includes('deployment-agent') && pid !== undefined) process.kill(pid, 'SIGKILL');
  });
  await rm(dataDirectoryIn(output), { recursive: true, force: true });

  expect(code).toBe(1);
  expect(complaints).toContain('The demo failed: deployment-agent ended by itself (SIGKILL).');
  expect(complaints).toContain(`Its data directory and log are kept: ${dataDirectoryIn(output)}`);
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
}, 120_000);

test('a data directory that holds something is not used for the demo', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'demo-test-'));
  await writeFile(join(directory, 'mine.txt'), 'mine');
  const { code, complaints } = await demo(['--once', '--data-dir', directory]);
  await rm(directory, { recursive: true });

  expect(code).toBe(1);
  expect(complaints).toContain(`${directory} is not empty.`);
});

test('a demo without anybody to ask says so at once', async () => {
  const { code, output, complaints } = await demo([]);
  await rm(dataDirectoryIn(output), { recursive: true, force: true });

  expect(code).toBe(1);
  expect(complaints).toContain('Nobody is there to answer.');
  expect(complaints).toContain('npm run demo -- --once');
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
}, 60_000);
