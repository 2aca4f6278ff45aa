import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { openPilot } from '#test/support/engine/fixtures.ts';
import { startInput } from '#test/support/engine/orchestrator.ts';
import { suiteStack, toldBy } from '#test/support/mcp/stack.ts';

const WITHIN_MS = 30_000;

const starting = (client_id: string, id: number) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'start_journey', arguments: { client_id, data_sources: ['jira'] } },
});

describe('an old client, where one process serves it', () => {
  const stack = suiteStack({
    functions: scriptedAgents().functions,
    settings: { document: openPilot },
  });

  async function open(token: string, capabilities: object = {}) {
    const client = new OldClient({ name: 'old', version: '1' }, { capabilities });
    const transport = new OldTransport(stack.mcpUrl, {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
    await client.connect(transport);
    return { client, session: transport.sessionId ?? '' };
  }

  async function inPilot(clientId: string): Promise<void> {
    await stack.engine.call('journey.start', startInput(clientId));
    await stack.engine.until(clientId, ({ stage }) => stage === 'pilot', WITHIN_MS);
  }

  test('is asked back in the middle of a call, and its user decides', async () => {
    await inPilot('asked');
    const { client } = await open(await stack.token(), { elicitation: {} });
    const questions: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      questions.push(params.message);
      return { action: 'accept', content: { confirm: true } };
    });
    const input = { client_id: 'asked', reason: 'Bad search' };
    const told = toldBy((await client.callTool({ name: 'roll_back_journey', arguments: input })) as never);
    expect(questions).toEqual([expect.stringContaining('Take asked back from pilot to sandbox?')]);
    expect(told).toMatchObject({ isError: false, data: { stage_entry: 3 } });
    await client.close();
  });

  test('hears of changes of what it subscribed to, until it does no more', async () => {
    await inPilot('heard');
    const { client } = await open(await stack.token());
    let heard = Promise.withResolvers<string>();
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => heard.resolve(params.uri));
    await client.subscribeResource({ uri: 'journey://heard' });
    await stack.engine.call('journey.provide_input', { client_id: 'heard', inputs: { note: 1 } });
    expect(await heard.promise).toBe('journey://heard');
    await client.unsubscribeResource({ uri: 'journey://heard' });
    heard = Promise.withResolvers();
    await client.subscribeResource({ uri: 'journey://asked' });
    await stack.engine.call('journey.provide_input', { client_id: 'heard', inputs: { note: 2 } });
    await stack.engine.call('journey.provide_input', { client_id: 'asked', inputs: { note: 2 } });
    expect(await heard.promise).toBe('journey://asked');
    await client.close();
  });

  test('may not subscribe to what it may not see', async () => {
    const { client } = await open(await stack.token({ clients: ['acme'] }));
    await expect(client.subscribeResource({ uri: 'journey://heard' })).rejects.toThrow(/not found/i);
    await client.close();
  });

  test('several calls in one request are several, to the journal, too', async () => {
    const response = await fetch(stack.mcpUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await stack.token()}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify([starting('batch-1', 1), starting('batch-2', 2)]),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('batch-2');
    const first = async (client_id: string): Promise<string> =>
      (await stack.engine.call('journey.history', { client_id, limit: 1 })).events[0].request_id as string;
    expect(await first('batch-1')).not.toBe(await first('batch-2'));
  });

  test('a session is its principal’s alone, and its rights are asked for at every call', async () => {
    const token = await stack.token({ name: 'short-lived' });
    const { client, session } = await open(token);
    expect(session).not.toBe('');
    const steal = (bearer: string, id: string) =>
      fetch(stack.mcpUrl, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${bearer}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-session-id': id,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      });
    expect((await steal(token, session)).status).toBe(200);
    expect((await steal(await stack.token(), session)).status).toBe(404);
    expect((await steal(token, 'made-up')).status).toBe(404);
    await stack.engine.call(
      'token.revoke',
      { token: 'short-lived' },
      {
        id: 'root',
        kind: 'user',
        roles: ['admin'],
        clients: null,
        evidenceKinds: [],
        intents: null,
      },
    );
    expect((await steal(token, session)).status).toBe(401);
    await client.close().catch(() => undefined);
  });
});
