import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openEmbedded } from '#adapters/postgres/embedded.ts';
import { startChild } from '#test/support/child.ts';

const writer = fileURLToPath(new URL('../../support/postgres/write-until-killed.ts', import.meta.url));
const startedAt = Date.UTC(2026, 10, 23);
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'journey-embedded-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('the embedded database in a directory', () => {
  it('keeps what was written when it is closed and opened again', async () => {
    const first = await openEmbedded({ dataDir, startedAt });
    await first.query('create table notes (text text)');
    await first.query('insert into notes values ($1)', ['kept']);
    await first.close();
    const second = await openEmbedded({ dataDir, startedAt });
    expect(await second.query('select text from notes')).toEqual([{ text: 'kept' }]);
    await second.close();
  });

  it('S5: refuses a directory that another process has, and loses nothing acknowledged when that one is killed', async () => {
    const child = startChild(writer, dataDir);
    let acknowledged = 0;
    while (acknowledged < 50) acknowledged = Number(await child.line());
    await expect(openEmbedded({ dataDir, startedAt })).rejects.toMatchObject({
      code: 'data_dir.in_use',
      details: expect.objectContaining({ pid: child.pid }),
    });
    await child.kill('SIGKILL');
    for (let line = await child.line(); line !== undefined; line = await child.line()) acknowledged = Number(line);
    const database = await openEmbedded({ dataDir, startedAt });
    const [found] = await database.query<{ count: number; last: number }>(
      'select count(*) as count, max(n) as last from numbers',
    );
    expect(found?.last).toBeGreaterThanOrEqual(acknowledged);
    expect(found?.count).toBe(found?.last);
    await database.close();
  });

  it('starts over when a first start was killed before the database was complete', async () => {
    await mkdir(join(dataDir, 'database.unfinished'));
    await writeFile(join(dataDir, 'database.unfinished', 'PG_VERSION'), '18\n');
    const database = await openEmbedded({ dataDir, startedAt });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    expect((await readdir(dataDir)).toSorted()).toEqual(['database', 'lock.db']);
  });

  it('gives the directory back when it cannot be opened', async () => {
    await writeFile(join(dataDir, 'database'), 'not a directory');
    await expect(openEmbedded({ dataDir, startedAt })).rejects.toMatchObject({ code: 'store.unavailable' });
    await rm(join(dataDir, 'database'));
    const database = await openEmbedded({ dataDir, startedAt });
    await database.close();
  });
});
