import { expect, test } from 'vitest';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { agentsMeasure } from '#test/support/engine/fixtures.ts';
import { startInput } from '#test/support/engine/orchestrator.ts';
import { type Told, newClient, suiteStack } from '#test/support/mcp/stack.ts';

const MOST_CALLS = 40;
const MOST_TOKENS = 30_000;
/** Fewer than a tokenizer of a large model finds in this JSON, which is 4.2. */
const CHARACTERS_A_TOKEN = 3.5;

const stack = suiteStack({
  functions: scriptedAgents().functions,
  settings: { document: agentsMeasure },
});

/** What the driver has found out about the world outside, by the words of the tools' descriptions. */
const measured: Readonly<Record<string, object>> = {
  search_quality: { precision: 0.91, k: 5, sampled: 250 },
};

test('a driver that knows nothing but the tools takes a journey to the human gate', { timeout: 120_000 }, async () => {
  const { engine } = stack;
  const token = await stack.token({ name: 'measurer', evidence_kinds: ['search_quality'] });
  await using client = await newClient(stack.mcpUrl, token);
  const tools = new Map((await client.tools()).map((tool) => [tool.name, tool.description ?? '']));
  const made: string[] = [];
  let characters = 0;
  const call = async (name: string, input: object): Promise<Told> => {
    expect([...tools.keys()]).toContain(name);
    const told = await client.call(name, input);
    made.push(name);
    characters += told.text.length;
    return told;
  };
  const client_id = 'driven';

  expect(tools.get('record_evidence')).toContain('search_quality {precision 0..1, k, sampled}');
  // It begins wrongly, and corrects itself by what it is told.
  const wrong = await call('get_journey', { client_id });
  expect(wrong.data.next).toContain('start_journey');
  const bad = await call('start_journey', { client_id, data_sources: [] });
  expect(bad.data.message).toContain('data_sources');
  await call('start_journey', startInput(client_id));

  let next = '';
  let version = 0;
  while (made.length < MOST_CALLS && !/a person decides/.test(next)) {
    next = (await call('get_journey', { client_id })).data.next as string;
    const [first = ''] = /^[a-z_]+/.exec(next) ?? [];
    if (first === 'record_evidence') {
      const kind = Object.keys(measured).find((one) => next.includes(one)) ?? '';
      await call('record_evidence', { client_id, observations: [{ kind, value: measured[kind] }] });
    } else if (next.startsWith('Wait')) {
      // A model would do something else meanwhile.
      ({ version } = await engine.until(client_id, (journey) => journey.version > version).catch(() => ({ version })));
    } else if (first !== '') await call(first, { client_id });
  }

  expect(next).toContain('no tool approves');
  expect(await engine.show(client_id)).toMatchObject({ stage: 'sandbox', approval: { status: 'open' } });
  expect(made.length).toBeLessThanOrEqual(MOST_CALLS);
  expect(characters / CHARACTERS_A_TOKEN).toBeLessThanOrEqual(MOST_TOKENS);
});
