/**
 * `npm run acceptance`: which acceptance id is proven by which tests, from the report of a test run.
 * --report FILE   the report (vitest's JSON); without it the tests are run
 * --check         only says whether docs/acceptance.md is up to date, and writes nothing
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pageWith, printed } from './page.ts';
import { claimedIn, isProven, proofsOf, unprovenClaims, type TestReport } from './proof.ts';

const top = join(import.meta.dirname, '../../..');
const page = join(top, 'docs/acceptance.md');

async function freshReport(): Promise<TestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'journey-acceptance-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    await once(spawn('vitest', args, { cwd: top, stdio: 'inherit' }), 'exit');
    return await readReport(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const readReport = async (file: string): Promise<TestReport> => JSON.parse(await readFile(file, 'utf8')) as TestReport;

async function run(): Promise<readonly string[]> {
  const { values } = parseArgs({ options: { report: { type: 'string' }, check: { type: 'boolean', default: false } } });
  const report = values.report === undefined ? await freshReport() : await readReport(values.report);
  const proofs = proofsOf(report, top);
  if (!values.check) process.stdout.write(`${printed(proofs)}\n\n`);
  process.stdout.write(`${proofs.filter(isProven).length} of ${proofs.length} ids are proven.\n`);
  const before = await readFile(page, 'utf8');
  const after = pageWith(before, proofs);
  if (!values.check) await writeFile(page, after);
  // What was left out for want of a system package would be missing from the page, and is not missing from the product.
  const isWhole = proofs.every(({ skipped }) => skipped === 0);
  const stale =
    values.check && isWhole && before !== after ? ['docs/acceptance.md is out of date: run npm run acceptance.'] : [];
  return [...unprovenClaims(proofs, claimedIn(await readFile(join(top, 'CHANGELOG.md'), 'utf8'))), ...stale];
}

const wrong = await run();
for (const line of wrong) process.stderr.write(`${line}\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;
