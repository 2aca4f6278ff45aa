import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentsMeasure, dana, goodSearch } from '#test/support/engine/fixtures.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { type AnyClient, newClient, oldClient, suiteStack } from '#test/support/mcp/stack.ts';

const WITHIN_MS = 30_000;

describe.each([
  ['the client of 2026-07-28', newClient],
  ['the real old client of 2025-11-25', oldClient],
])('%s', (name, connect) => {
  const stack = suiteStack({
    functions: scriptedAgents().functions,
    settings: { document: agentsMeasure },
  });
  let client: AnyClient;
  const clientId = name.includes('old') ? 'old-acme' : 'new-acme';

  beforeAll(async () => {
    client = await connect(stack.mcpUrl, await stack.token({ name: 'measurer', evidence_kinds: ['search_quality'] }));
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
  });

  test('is offered the tools of its scopes, and takes a journey to the human gate', async () => {
    const names = (await client.tools()).map((tool) => tool.name);
    expect(names).toContain('start_journey');
    expect(names.length).toBeLessThanOrEqual(20);
    const started = await client.call('start_journey', {
      client_id: clientId,
      data_sources: ['jira'],
      inputs: { pilot_cohort_size: 5, users: ['ann'] },
      idempotency_key: 'once',
    });
    expect(started).toMatchObject({ isError: false, data: { client_id: clientId, stage: 'sandbox' } });
    const again = await client.call('start_journey', {
      client_id: clientId,
      data_sources: ['jira'],
      inputs: { pilot_cohort_size: 5, users: ['ann'] },
      idempotency_key: 'once',
    });
    expect(again.data).toMatchObject({ client_id: clientId });
    await stack.engine.until(
      clientId,
      ({ units }) => units.every(({ status }: { status: string }) => status === 'completed'),
      WITHIN_MS,
    );
    await client.call('record_evidence', {
      client_id: clientId,
      observations: [{ kind: 'search_quality', value: goodSearch }],
    });
    const journey = await client.call('get_journey', { client_id: clientId });
    expect(journey.data).toMatchObject({
      approval: { status: 'open' },
      next: expect.stringContaining('no tool approves'),
    });
    const history = await client.call('get_journey_history', { client_id: clientId, limit: 1 });
    expect(history.data).toMatchObject({ events: [{ type: 'journey_started' }], next_after: 1 });
    const { events } = await stack.engine.call('journey.history', { client_id: clientId, limit: 1 });
    expect(events[0]).toMatchObject({ door: 'mcp', actor: 'measurer' });
  });

  test('reads resources and prompts', async () => {
    expect(JSON.parse(await client.read(`journey://${clientId}`))).toMatchObject({ client_id: clientId });
    expect(JSON.parse(await client.read(`journey://${clientId}/criteria`))).toMatchObject({ stage: 'sandbox' });
    expect(JSON.parse(await client.read(`journey://${clientId}/history`)).events.length).toBeGreaterThan(3);
    expect(
      JSON.parse(await client.read('config://stages')).stages.map(({ stage }: { stage: string }) => stage),
    ).toEqual(['sandbox', 'pilot', 'production']);
    await expect(client.read('journey://nobody')).rejects.toThrow(/No journey of nobody/);
    expect(await client.prompt('unblock_journey', { client_id: clientId })).toContain(clientId);
    await expect(client.prompt('unblock_journey', { client_id: 'a b' })).rejects.toThrow(/client_id/);
  });

  test('an error says what to do next, and is no failure of the protocol', async () => {
    const unknown = await client.call('get_journey', { client_id: `${clientId}x` });
    expect(unknown).toMatchObject({
      isError: true,
      data: {
        code: 'journey.unknown',
        hint: expect.stringContaining(clientId),
        next: expect.stringContaining('list_journeys'),
      },
    });
    const invalid = await client.call('start_journey', { client_id: 'b', data_sources: [] });
    expect(invalid.data).toMatchObject({ code: 'input.invalid', message: expect.stringContaining('data_sources') });
    await expect(client.call('approve_demo', {})).rejects.toThrow(/no tool approve_demo/);
  });

  test('a rollback needs a second word, and that word is for what was shown', async () => {
    const { approval } = await stack.engine.show(clientId);
    await stack.engine.call('approval.decide', { approval_id: approval.approval_id, decision: 'approve' }, dana);
    await stack.engine.until(clientId, ({ stage }) => stage === 'pilot', WITHIN_MS);
    const input = { client_id: clientId, reason: 'The client asked for it' };
    const preview = await client.call('roll_back_journey', input);
    expect(preview.data).toMatchObject({ target: 'sandbox', confirm_token: expect.any(String) });
    expect(await stack.engine.show(clientId)).toMatchObject({ stage: 'pilot' });
    const { confirm_token } = preview.data;
    const changed = await client.call('roll_back_journey', { ...input, client_id: `${clientId}2`, confirm_token });
    expect(changed.isError).toBe(true);
    const forged = await client.call('roll_back_journey', { ...input, confirm_token: `${confirm_token}x` });
    expect(forged.data).toMatchObject({ code: 'input.invalid' });
    expect(await stack.engine.show(clientId)).toMatchObject({ stage: 'pilot' });
    const done = await client.call('roll_back_journey', { ...input, confirm_token });
    expect(done.data).toMatchObject({ stage: 'sandbox', stage_entry: 3 });
    const twice = await client.call('roll_back_journey', { ...input, confirm_token });
    expect(twice.isError).toBe(true);
  });
});
