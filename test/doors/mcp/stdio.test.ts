import { join } from 'node:path';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, test } from 'vitest';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { suiteStack, toldBy } from '#test/support/mcp/stack.ts';
import { runCli } from '../cli/run-cli.ts';

const program = join(import.meta.dirname, '../../../src/cli/journey-cli.ts');
const stack = suiteStack({ functions: scriptedAgents().functions });

const spawned = (token: string, ...flags: readonly string[]) => ({
  command: process.execPath,
  args: [program, 'mcp', `--server=${stack.url}`, ...flags],
  env: { JOURNEY_API_TOKEN: token, PATH: process.env['PATH'] ?? '' },
});

describe('journey-cli mcp, as a desktop client starts it', () => {
  test('serves the new client, which can be asked back over it', { timeout: 60_000 }, async () => {
    const client = new Client(
      { name: 'desktop', version: '1' },
      { versionNegotiation: { mode: 'auto' }, capabilities: { elicitation: { form: {} } } },
    );
    await client.connect(new StdioClientTransport(spawned(await stack.token())));
    expect((await client.listTools()).tools.length).toBeGreaterThan(10);
    const call = async (name: string, input: object) =>
      toldBy(await client.callTool({ name, arguments: { ...input } }));
    expect((await call('start_journey', { client_id: 'desk', data_sources: ['jira'] })).data).toMatchObject({
      client_id: 'desk',
      next: expect.any(String),
    });
    expect((await call('get_journey', { client_id: 'dask' })).data).toMatchObject({ code: 'journey.unknown' });
    const read = await client.readResource({ uri: 'journey://desk' });
    expect(JSON.stringify(read)).toContain('desk');
    await client.close();
  });

  test('serves the old client, and offers nothing that writes with --read-only', { timeout: 60_000 }, async () => {
    const client = new OldClient({ name: 'old-desktop', version: '1' });
    const transport = new OldStdio(spawned(await stack.token(), '--read-only'));
    await client.connect(transport);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain('get_journey');
    expect(names).not.toContain('start_journey');
    expect(toldBy((await client.callTool({ name: 'list_journeys', arguments: {} })) as never).isError).toBe(false);
    await client.close();
  });
});

describe('what it refuses', () => {
  const ask = `${JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' })}\n`;

  test('to take the local tokens, found or given', async () => {
    const files = { '.journey/admin.token': 'jo_admin', '.journey/approver.token': 'jo_approver' };
    const none = await runCli(stack.url, ['mcp'], { files, input: ask });
    expect(none).toMatchObject({ code: 2, out: '', err: expect.stringContaining('token of an agent') });
    const given = await runCli(stack.url, ['mcp'], { files, input: ask, variables: { JOURNEY_API_TOKEN: 'jo_admin' } });
    expect(given).toMatchObject({ code: 2, out: '', err: expect.stringContaining('admin.token') });
  });

  test('a token that the server does not know is told as an error of the call', async () => {
    const ran = await runCli(stack.url, ['mcp'], { input: ask, variables: { JOURNEY_API_TOKEN: 'jo_x' } });
    expect(JSON.parse(ran.out)).toMatchObject({ id: 7, error: { message: expect.stringContaining('not known here') } });
  });

  test('a server that is not there is told, and so is a line that is no JSON', async () => {
    const ran = await runCli('http://127.0.0.1:1', ['mcp'], {
      input: `{\n${ask}`,
      variables: { JOURNEY_API_TOKEN: 'jo_x' },
    });
    const [bad, away] = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(bad).toMatchObject({ id: null, error: { code: -32_700 } });
    expect(away).toMatchObject({ id: 7, error: { message: expect.stringContaining('does not answer') } });
  });
});
