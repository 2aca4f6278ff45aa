import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Everything that `npm test` promises, one step after the other, and one line at the end that says how it went.
const report = join(mkdtempSync(join(tmpdir(), 'journey-tests-')), 'report.json');
const steps: readonly { readonly name: string; readonly command: string; readonly args: readonly string[] }[] = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  {
    name: 'tests',
    command: 'vitest',
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  },
  // What CHANGELOG claims must be in the report that has just been written.
  {
    name: 'acceptance',
    command: process.execPath,
    args: ['test/support/acceptance/acceptance.ts', '--check', '--report', report],
  },
];

const run = (command: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });

type Report = { readonly numPassedTests: number; readonly numFailedTests: number; readonly numPendingTests: number };

function counted(): Report {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}

const results: { readonly name: string; readonly code: number }[] = [];
for (const { name, command, args } of steps) {
  process.stdout.write(`\n== ${name}\n`);
  results.push({ name, code: await run(command, args) });
}
const { numPassedTests, numFailedTests, numPendingTests } = counted();
rmSync(join(report, '..'), { recursive: true, force: true });
const failedSteps = results.filter(({ code }) => code !== 0);
// A step that failed counts as a failure of its own, unless it is the tests', which count themselves.
const failed = numFailedTests + failedSteps.filter(({ name }) => name !== 'tests' || numFailedTests === 0).length;
const passed = numPassedTests + results.length - failedSteps.length;
if (failedSteps.length > 0) process.stdout.write(`\nFailed: ${failedSteps.map(({ name }) => name).join(', ')}\n`);
if (numPendingTests > 0) process.stdout.write(`\nLeft out: ${numPendingTests} tests; their titles say why.\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
