import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';
import { expect, it } from 'vitest';

import { startChild } from '#test/support/child.ts';
import { startTestServer } from '#test/support/postgres/test-server.ts';

const starter = fileURLToPath(new URL('../../support/postgres/start-test-server.ts', import.meta.url));

it('the next run stops a server whose tests were killed, and starts its own', async () => {
  const child = startChild(starter);
  const [url = '', data = ''] = ((await child.line()) ?? '').split(' ');
  await child.kill('SIGKILL');
  const server = await startTestServer({ durability: 'none' });
  try {
    expect(existsSync(dirname(data))).toBe(false);
    await expect(new Client(url).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const client = new Client(server.url);
    await client.connect();
    expect((await client.query('show server_version_num')).rows[0]).toMatchObject({
      server_version_num: expect.stringMatching(/^15/),
    });
    await client.end();
  } finally {
    await server.remove();
  }
});
