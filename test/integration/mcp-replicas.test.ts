import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goodOutputs } from '#test/support/engine/agents.ts';
import { openPilot } from '#test/support/engine/fixtures.ts';
import { newClient, oldClient, openStack, type AnyClient, type Stack } from '#test/support/mcp/stack.ts';
import { roundRobin, type RoundRobin } from '#test/support/mcp/round-robin.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

describe.each([
  ['new', newClient],
  ['old', oldClient],
] as const)('three replicas behind a round robin, and a client of the %s protocol', (era, connect) => {
  let at: FreshDatabase;
  let stacks: readonly Stack[];
  let balancer: RoundRobin;
  let client: AnyClient;
  const clientId = `${era}-client`;

  beforeAll(async () => {
    at = await freshDatabase();
    const options = { database: at.database, keepDatabase: true, settings: { document: openPilot } };
    stacks = [await openStack(options), await openStack(options), await openStack(options)];
    balancer = await roundRobin(stacks.map(({ url }) => url));
    const token = await stacks[0]?.token({ name: 'worker' });
    client = await connect(new URL('/mcp', balancer.url), token ?? '');
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await balancer[Symbol.asyncDispose]();
    for (const stack of stacks) await stack[Symbol.asyncDispose]();
    await at.drop();
  });

  test('30 calls of 30 are answered, each replica its share', async () => {
    for (let n = 0; n < 30; n += 1)
      expect(await client.call('list_journeys', { limit: 5 })).toMatchObject({ isError: false });
    expect(Math.min(...balancer.counts)).toBeGreaterThanOrEqual(9);
  });

  test('a whole stage of work, each task claimed at one replica and completed at another', async () => {
    await client.call('start_journey', {
      client_id: clientId,
      data_sources: ['jira'],
      inputs: { pilot_cohort_size: 5, users: ['ann'] },
    });
    const intents = Object.keys(goodOutputs);
    const done: string[] = [];
    for (let calls = 0; done.length < 7 && calls < 60; calls += 1) {
      const { task } = (await client.call('claim_task', { intents, wait_seconds: 5, request_id: `r${calls}` })).data;
      if (task === null) continue;
      expect((await client.call('claim_task', { intents, request_id: `r${calls}` })).data.task.task_id).toBe(
        task.task_id,
      );
      expect((await client.call('heartbeat_task', { task_id: task.task_id })).data.cancelled).toBe(false);
      const output = goodOutputs[task.intent]?.(task.input) ?? {};
      expect(await client.call('complete_task', { task_id: task.task_id, output })).toMatchObject({ isError: false });
      done.push(task.task);
    }
    expect(done).toHaveLength(7);
    expect((await client.call('get_journey', { client_id: clientId })).data).toMatchObject({ stage: 'pilot' });
  });

  test('a confirmation that one replica asked for is good at the next', async () => {
    const input = { client_id: clientId, reason: 'Bad search' };
    const { confirm_token } = (await client.call('roll_back_journey', input)).data;
    const done = await client.call('roll_back_journey', { ...input, confirm_token });
    expect(done.data).toMatchObject({ stage: 'sandbox', stage_entry: 3 });
  });
});

test('a subscriber at one replica hears of what happened at another', async () => {
  await using at = await freshDatabase();
  const options = { database: at.database, keepDatabase: true, settings: { document: openPilot } };
  await using near = await openStack(options);
  await using far = await openStack(options);
  await far.engine.call('journey.start', { client_id: 'far', data_sources: ['jira'] });
  await using client = await newClient(near.mcpUrl, await near.token());
  const heard = Promise.withResolvers<string>();
  client.client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.resolve(params.uri));
  const subscription = await client.client.listen({ resourceSubscriptions: ['journey://far/history'] });
  await far.engine.call('journey.provide_input', { client_id: 'far', inputs: { note: 'x' } });
  expect(await heard.promise).toBe('journey://far/history');
  await subscription.close();
});
