import { afterEach, beforeEach, expect, test } from 'vitest';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, startInput, type Engine } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, type FreshDatabase } from '#test/support/postgres/fresh.ts';

const what = { type: 'string', required: true };
const document = smallDocument([
  { id: 'sandbox', tasks: [{ id: 'asks', input: { what } }, { id: 'beside' }] },
  { id: 'production' },
]);

let at: FreshDatabase;
let engines: readonly [Engine, Engine];
let agents: ScriptedAgents;

beforeEach(async () => {
  at = await freshDatabase();
  agents = scriptedAgents({ do_asks: () => ({}), do_beside: () => ({}) });
  const options = { database: at.database, keepDatabase: true, functions: agents.functions, settings: { document } };
  engines = [await engineOn(options), await engineOn(options)];
});
afterEach(async () => {
  for (const engine of engines) await engine.stop();
  await at.drop();
});

test('S89: an input that is given at a replica which does not own the unit lets its task go on', async () => {
  const [owner, other] = engines;
  const beside = agents.hold('do_beside');
  await owner.call('journey.start', startInput('acme'));
  const held = await beside.next();

  await other.call('journey.provide_input', { client_id: 'acme', inputs: { what: 'this' } });
  const asked = await other.until('acme', ({ units }) => units[0].tasks[0].status === 'succeeded', 30_000);
  expect(asked.units[0].tasks[0]).toMatchObject({ task_id: 'asks', attempt: 1 });

  // What the former owner had in hand is done by whoever has the unit now; the late result of the former one is refused.
  const again = await beside.next();
  held.succeed({});
  again.succeed({});
  await owner.until('acme', ({ stage }) => stage === 'production', 30_000);
  expect(agents.calls.filter(({ taskId }) => taskId === 'asks')).toHaveLength(1);
}, 60_000);
