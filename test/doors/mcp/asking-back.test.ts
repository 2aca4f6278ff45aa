import { describe, expect, test } from 'vitest';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { openPilot } from '#test/support/engine/fixtures.ts';
import { startInput } from '#test/support/engine/orchestrator.ts';
import { newClient, suiteStack } from '#test/support/mcp/stack.ts';

const WITHIN_MS = 30_000;
const stack = suiteStack({
  functions: scriptedAgents().functions,
  settings: { document: openPilot },
});

async function inPilot(clientId: string): Promise<void> {
  await stack.engine.call('journey.start', startInput(clientId));
  await stack.engine.until(clientId, ({ stage }) => stage === 'pilot', WITHIN_MS);
}

type Reply = { readonly action: 'accept' | 'decline' | 'cancel'; readonly content?: { readonly confirm: boolean } };

async function askable(reply: Reply | (() => Promise<Reply>)) {
  const asked: string[] = [];
  const opened = await newClient(stack.mcpUrl, await stack.token(), { capabilities: { elicitation: { form: {} } } });
  opened.client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params.message);
    const said = typeof reply === 'function' ? await reply() : reply;
    return { action: said.action, ...(said.content ? { content: { ...said.content } } : {}) };
  });
  return { ...opened, asked };
}

describe('a client that can ask its user', () => {
  test('does, and rolls back on a yes', async () => {
    await inPilot('yes');
    await using client = await askable({ action: 'accept', content: { confirm: true } });
    const told = await client.call('roll_back_journey', { client_id: 'yes', reason: 'Bad search' });
    expect(client.asked).toEqual([expect.stringMatching(/Take yes back from pilot to sandbox\?/)]);
    expect(told).toMatchObject({ isError: false, data: { client_id: 'yes', stage_entry: 3 } });
  });

  test.each([
    ['a no', { action: 'decline' }],
    ['silence', { action: 'cancel' }],
    ['an answer without the tick', { action: 'accept', content: { confirm: false } }],
  ] as const)('and nothing happens on %s', async (name, reply) => {
    const clientId = name.replaceAll(' ', '-');
    await inPilot(clientId);
    await using client = await askable(reply);
    const told = await client.call('roll_back_journey', { client_id: clientId, reason: 'Bad search' });
    expect(told).toMatchObject({ isError: true, text: expect.stringContaining('did not agree') });
    expect(await stack.engine.show(clientId)).toMatchObject({ stage: 'pilot', stage_entry: 2 });
  });

  test('a yes that comes after the journey has moved is a yes to something else', async () => {
    await inPilot('late');
    await using client = await askable(async () => {
      await stack.engine.call('journey.roll_back', { client_id: 'late', reason: 'Another was quicker' });
      return { action: 'accept', content: { confirm: true } };
    });
    const told = await client.call('roll_back_journey', { client_id: 'late', reason: 'Bad search' });
    expect(told.data).toMatchObject({ code: expect.stringMatching(/^(journey\.moved|stage\.first)$/) });
    const { events } = await stack.engine.call('journey.history', { client_id: 'late' });
    const rolledBack = (events as { type: string; actor: string }[]).filter(
      ({ type }) => type === 'journey_rolled_back',
    );
    expect(rolledBack).toMatchObject([{ actor: 'olga' }]);
  });
});

test("a confirm_token is its asker's alone, and for what was shown", async () => {
  await inPilot('token');
  await using one = await newClient(stack.mcpUrl, await stack.token());
  await using other = await newClient(stack.mcpUrl, await stack.token());
  const input = { client_id: 'token', reason: 'Bad search' };
  const { confirm_token } = (await one.call('roll_back_journey', input)).data;
  expect((await other.call('roll_back_journey', { ...input, confirm_token })).data).toMatchObject({
    code: 'input.invalid',
  });
  await stack.engine.call('journey.roll_back', { client_id: 'token', reason: 'Another was quicker' });
  await stack.engine.until('token', ({ stage, stage_entry }) => stage === 'pilot' && stage_entry === 4, WITHIN_MS);
  const moved = await one.call('roll_back_journey', { ...input, confirm_token });
  expect(moved.data).toMatchObject({ code: 'journey.moved', message: expect.stringContaining('stage entry 4') });
  expect(await stack.engine.show('token')).toMatchObject({ stage: 'pilot' });
});

test('a subscriber hears of every journey that it named, whoever changed it, and of no other', async () => {
  for (const clientId of ['heard', 'unheard']) await inPilot(clientId);
  await using client = await newClient(stack.mcpUrl, await stack.token());
  const heard: string[] = [];
  const next = Promise.withResolvers<void>();
  client.client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    heard.push(params.uri);
    next.resolve();
  });
  const subscription = await client.client.listen({ resourceSubscriptions: ['journey://heard', 'journey://later'] });
  await stack.engine.call('journey.roll_back', { client_id: 'unheard', reason: 'Not yours' });
  await stack.engine.call('journey.provide_input', { client_id: 'heard', inputs: { note: 'x' } });
  await next.promise;
  expect(new Set(heard)).toEqual(new Set(['journey://heard']));
  await subscription.close();
});
