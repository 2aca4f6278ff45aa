import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lockDataDirectory } from '#adapters/postgres/data-dir-lock.ts';
import { startChild, type Child } from '#test/support/child.ts';

const holder = fileURLToPath(new URL('../../support/postgres/hold-data-directory.ts', import.meta.url));
const now = Date.UTC(2026, 10, 23);
let directory: string;
const children: Child[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journey-lock-'));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill('SIGKILL')));
  await rm(directory, { recursive: true, force: true });
});

function startHolder(): Child {
  const child = startChild(holder, directory);
  children.push(child);
  return child;
}

describe('the lock on a data directory', () => {
  it('S5: refuses a second process and names the first: pid and since when', async () => {
    const child = startHolder();
    expect(await child.line()).toBe('held');
    await expect(lockDataDirectory(directory, now)).rejects.toMatchObject({
      code: 'data_dir.in_use',
      message: expect.stringMatching(
        `${directory} is in use by process ${child.pid} on .+ since \\d{4}-\\d\\d-\\d\\dT`,
      ),
      hint: expect.stringContaining('JOURNEY_STATE_STORE=postgresql'),
      details: expect.objectContaining({ pid: child.pid, directory }),
    });
  });

  it('is free again as soon as its holder is killed', async () => {
    const child = startHolder();
    expect(await child.line()).toBe('held');
    await child.kill('SIGKILL');
    const lock = await lockDataDirectory(directory, now);
    await lock.release();
  });

  it('has one winner among processes that start at once', async () => {
    const starters = Array.from({ length: 4 }, startHolder);
    const answers = await Promise.all(starters.map((child) => child.line()));
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
    const winner = starters[answers.indexOf('held')];
    for (const answer of answers.filter((said) => said !== 'held')) {
      expect(answer).toContain(`is in use by process ${winner?.pid} `);
    }
  });

  it('is refused to the same process as well, and given anew after its release', async () => {
    const lock = await lockDataDirectory(directory, now);
    await expect(lockDataDirectory(directory, now)).rejects.toMatchObject({
      code: 'data_dir.in_use',
      details: { pid: process.pid, since: '2026-11-23T00:00:00.000Z' },
    });
    await lock.release();
    await lock.release();
    expect(await readdir(directory)).not.toContain('holder.json');
    const again = await lockDataDirectory(directory, now);
    await again.release();
  });

  it('makes the directory, and says so when it cannot be one', async () => {
    const lock = await lockDataDirectory(join(directory, 'new', 'data'), now);
    await lock.release();
    const file = join(directory, 'file');
    await writeFile(file, '');
    await chmod(file, 0o400);
    await expect(lockDataDirectory(file, now)).rejects.toMatchObject({
      code: 'settings.invalid',
      hint: expect.stringContaining('JOURNEY_DATA_DIR'),
    });
  });
});
