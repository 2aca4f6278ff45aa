import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMCPClient } from '@ai-sdk/mcp';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, test } from 'vitest';
import { DAY } from '#core/time.ts';
import { systemClock } from '#adapters/clock.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { agentsMeasure, dana, goodSearch } from '#test/support/engine/fixtures.ts';
import { startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { newClient, oldClient, openStack, toldBy, type Stack, type Told } from '#test/support/mcp/stack.ts';
import { freshEmbedded } from '#test/support/postgres/fresh.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';

const WITHIN_MS = 60_000;
const kinds = ['search_quality', 'survey_response', 'bug', 'performance'];
const program = join(import.meta.dirname, '../../../src/cli/journey-cli.ts');
const remote = join(import.meta.dirname, '../../../node_modules/mcp-remote/dist/proxy.js');

type Call = (tool: string, input: object) => Promise<Told>;
type Driver = AsyncDisposable & { readonly call: Call };

async function aiSdk({ mcpUrl }: Stack, token: string): Promise<Driver> {
  const client = await createMCPClient({
    transport: { type: 'http', url: mcpUrl.href, headers: { authorization: `Bearer ${token}` } },
  });
  // Made from what tools/list describes, as an application of that library would have them.
  const tools = await client.tools();
  return {
    call: async (name, input) => {
      const result: unknown = await tools[name]?.execute?.(input, {
        toolCallId: name,
        messages: [],
        context: {},
      } as never);
      return toldBy(result as Parameters<typeof toldBy>[0]);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function overStdio(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Driver> {
  const home = await mkdtemp(join(tmpdir(), 'journey-mcp-remote-'));
  const client = new OldClient({ name: 'desktop', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env: { PATH: process.env['PATH'] ?? '', HOME: home, MCP_REMOTE_CONFIG_DIR: home, ...env },
    stderr: 'ignore',
  });
  await client.connect(transport);
  return {
    call: async (name, input) => toldBy((await client.callTool({ name, arguments: { ...input } })) as never),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A process for each call: whatever the server would keep of an earlier one is of no use to it. */
async function inspector(installed: string, { mcpUrl }: Stack, token: string): Promise<Driver> {
  const home = await mkdtemp(join(tmpdir(), 'journey-mcp-inspector-'));
  // A script of npm's: it is to run on the Node of these tests, which may not be the first in the PATH.
  const script = await realpath(installed);
  const to = ['--cli', mcpUrl.href, '--transport', 'http', '--header', `Authorization: Bearer ${token}`];
  const call: Call = async (tool, input) => {
    const given = Object.entries(input).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const args = [script, ...to, '--method', 'tools/call', '--tool-name', tool];
    const said = await new Promise<string>((resolve) => {
      const options = { env: { PATH: process.env['PATH'] ?? '', HOME: home }, timeout: WITHIN_MS };
      execFile(process.execPath, [...args, ...given.flatMap((one) => ['--tool-arg', one])], options, (_error, stdout) =>
        resolve(stdout),
      );
    });
    return toldBy(JSON.parse(said) as Parameters<typeof toldBy>[0]);
  };
  return { call, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}

const drivers: Readonly<Record<string, (stack: Stack, token: string) => Promise<Driver>>> = {
  'the client of the second SDK': ({ mcpUrl }, token) => newClient(mcpUrl, token),
  'the client of the first SDK': ({ mcpUrl }, token) => oldClient(mcpUrl, token),
  '@ai-sdk/mcp': aiSdk,
  'mcp-remote, as desktop clients use it': ({ mcpUrl }, token) =>
    overStdio(
      [remote, mcpUrl.href, '--allow-http', '--transport', 'http-only', '--header', `Authorization:Bearer ${token}`],
      {},
    ),
  'journey-cli mcp': ({ url }, token) => overStdio([program, 'mcp', `--server=${url}`], { JOURNEY_API_TOKEN: token }),
};

const inspectorProgram = programNamed('mcp-inspector');

describe.each(Object.entries(drivers))('%s', (_name, open) => {
  takesAJourney(open);
});
describeWhere(
  inspectorProgram !== undefined,
  "the Inspector's CLI",
  'npm install --global @modelcontextprotocol/inspector@2.12.0',
  () => takesAJourney((stack, token) => inspector(inspectorProgram ?? '', stack, token)),
);

function takesAJourney(open: (stack: Stack, token: string) => Promise<Driver>): void {
  test('takes a journey from start to production', { timeout: 180_000 }, async () => {
    await using at = await freshEmbedded();
    let ahead_ms = 0;
    const machine = systemClock();
    await using stack = await openStack({
      database: at.database,
      functions: scriptedAgents().functions,
      clock: { ...machine, journey: () => machine.journey() + ahead_ms },
      settings: { document: agentsMeasure },
    });
    await using driver = await open(stack, await stack.token({ name: 'measurer', evidence_kinds: kinds }));
    const { call } = driver;
    const client_id = 'acme';
    const record = async (...observations: readonly object[]) =>
      expect(await call('record_evidence', { client_id, observations })).toMatchObject({
        isError: false,
        data: { not_judged: [] },
      });
    const worked = () =>
      stack.engine.until(
        client_id,
        ({ units }) => units.every(({ status }: Output) => status === 'completed'),
        WITHIN_MS,
      );

    expect((await call('start_journey', startInput(client_id))).data).toMatchObject({ stage: 'sandbox' });
    await worked();
    await record({ kind: 'search_quality', value: goodSearch });
    const { data } = await call('get_journey', { client_id });
    await stack.engine.call('approval.decide', { approval_id: data.approval.approval_id, decision: 'approve' }, dana);
    expect((await call('get_journey', { client_id })).data).toMatchObject({ stage: 'pilot' });
    await worked();
    ahead_ms = 8 * DAY;
    await record(
      { kind: 'search_quality', value: goodSearch },
      { kind: 'bug', value: { all_clear: true } },
      { kind: 'performance', value: { p95_ms: 300, error_rate: 0.001, requests: 100_000, window_minutes: 1_440 } },
    );
    const survey = Array.from({ length: 10 }, (_, n) => ({
      kind: 'survey_response',
      subject: `u${n}`,
      value: { score: 5 },
    }));
    await record(...survey);
    expect((await call('list_journeys', {})).data).toMatchObject({ journeys: [{ client_id, stage: 'production' }] });
    expect((await call('get_journey', { client_id: 'nobody' })).isError).toBe(true);
  });
}
