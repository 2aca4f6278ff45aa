import { afterEach, beforeEach, expect, test } from 'vitest';
import { SECOND } from '#core/time.ts';
import { postgresAgentCopies } from '#adapters/postgres/agent-copies.ts';
import { openOrigin, type Origin } from '#test/support/agents/origin.ts';
import { cardOf, rpcResult, skill } from '#test/support/agents/scripted-agent.ts';
import { noDiscovery, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const document = smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }] }, { id: 'production' }]);
const CATALOGUE = '/.well-known/ai-catalog.json';
const CARD = '/.well-known/agent-card.json';

let at: FreshDatabase;
let clock: VirtualClock;
let origin: Origin;
let engine: Engine;
beforeEach(async () => {
  at = await freshEmbedded();
  clock = virtualClock();
  origin = await openOrigin();
});
afterEach(async () => {
  await engine.stop();
  await origin[Symbol.asyncDispose]();
  await at.drop();
});

const begin = async (more: Partial<typeof noDiscovery> = {}): Promise<void> => {
  const discovery = { ...noDiscovery, catalogue: `${origin.url}${CATALOGUE}`, ...more };
  const settings = { document, discovery };
  engine = await engineOn({ database: at.database, keepDatabase: true, clock, settings });
};
const offerTheAgent = (): void => {
  origin.put(CATALOGUE, {
    specVersion: '1.0',
    entries: [{ identifier: 'urn:agent:one', type: 'application/a2a-agent-card+json', url: CARD }],
  });
  origin.put(CARD, cardOf(origin.url, 'JSONRPC', [skill('do_one')]));
  origin.put('/a2a', (asked, response) => {
    const contextId = 'uow:uow-acme:1:sandbox_work:one:1';
    const status = { state: 'TASK_STATE_WORKING' };
    const body = JSON.parse(asked.body) as { method: string };
    const task = { id: 'remote-1', contextId, status };
    rpcResult(body.method === 'SendMessage' ? { task } : task)({ ...asked, body }, response);
  });
};
const task = ({ units }: Output): Output => units[0].tasks[0];
const why = async (): Promise<readonly string[]> =>
  (await engine.call('journey.explain', { client_id: 'acme' })).blockers.map(({ message }: Output) => message);
/** What the doctor finds, by name; the clock stands still meanwhile, so that no answer comes too late. */
const found = async (): Promise<Record<string, readonly unknown[]>> => {
  const { probes } = await engine.call('server.check', {});
  return Object.fromEntries(probes.map(({ name, findings }: Output) => [name, findings]));
};

test('S19 S120: discovery that is down stops nothing, is shown everywhere, and gives the waiting work away once it is back', async () => {
  await begin();
  await engine.call('journey.start', startInput('acme'));
  expect(task(await engine.show('acme'))).toMatchObject({ status: 'ready' });
  expect(await why()).toEqual([
    `task one waits for an agent: nobody has claimed do_one yet; ${origin.url}${CATALOGUE}, where agents are looked for, cannot be read: It answered HTTP 404 to a request for what it offers`,
  ]);
  expect(await engine.orchestrator.readiness()).toMatchObject({
    ready: true,
    degraded: true,
    checks: { agents: `${origin.url}${CATALOGUE} is unread: journey-cli check-agents` },
  });
  expect(await engine.call('agents.check', {})).toMatchObject({
    sources: [{ kind: 'catalogue', state: 'unread', problem: 'It answered HTTP 404 to a request for what it offers.' }],
  });
  const metrics = async (): Promise<string> => (await engine.orchestrator.metrics()).text;
  expect(await metrics()).toContain('\njourney_agent_sources{state="unread"} 1\n');

  offerTheAgent();
  await found();
  expect(await engine.call('agents.check', { intent: 'do_one' })).toMatchObject({ route: 'a2a', healthy: 1 });
  const begun = await eventually(
    async () => {
      await clock.advance(SECOND);
      return engine.show('acme');
    },
    (journey) => task(journey).status === 'running',
    30_000,
  );
  expect(task(begun)).toMatchObject({ attempt: 1 });
  expect(await engine.orchestrator.readiness()).toMatchObject({ degraded: false, checks: { agents: 'ok' } });
  const { entries } = await engine.call('work.log', { work_id: 'uow-acme:1:sandbox_work' });
  expect(entries.map(({ message }: Output) => message).slice(1)).toEqual([
    'Ready for whoever claims it.',
    'Sent to its agent.',
  ]);
}, 120_000);

test('S19: a process that starts while the catalogue is down has its last good copy from the store', async () => {
  offerTheAgent();
  await begin();
  expect((await engine.call('agents.check', {})).sources).toMatchObject([{ state: 'ok', agents: 1 }]);
  await engine.stop();
  origin.fail(503);
  await begin();
  const { sources, route } = await engine.call('agents.check', { intent: 'do_one' });
  expect(sources).toMatchObject([{ state: 'stale', agents: 1, problem: 'It answered HTTP 503.' }]);
  expect(route).toBe('a2a');
}, 60_000);

test('the copies that are kept are bounded, the newest stay', async () => {
  await begin();
  const copies = postgresAgentCopies(at.database);
  for (let n = 0; n <= 1_003; n += 1)
    await copies.keep({ url: `http://agents/${n}`, etag: `"${n}"`, body: { n } }, clock.machine() + n);
  const [count] = await at.database.query<{ count: number }>('select count(*)::int as count from agent_copies');
  expect(count?.count).toBeLessThanOrEqual(1_001);
  expect(await copies.find('http://agents/0')).toBeNull();
  expect(await copies.find('http://agents/1003')).toEqual({
    url: 'http://agents/1003',
    etag: '"1003"',
    body: { n: 1_003 },
  });
  await copies.keep({ url: `http://agents/${'x'.repeat(2_100)}`, etag: null, body: {} }, clock.machine());
}, 60_000);

test('probes look at broker, discovery and each agent, and say what to do', async () => {
  await begin({ catalogue: null });
  expect(await found()).toMatchObject({ broker: [{ state: 'off' }], discovery: [{ state: 'off' }] });
  await engine.stop();

  offerTheAgent();
  await begin({ broker: `${origin.url}/agents/{id}` });
  expect(await found()).toMatchObject({
    broker: [{ state: 'ok', said: `${origin.url} answers (HTTP 404).` }],
    discovery: [{ state: 'ok', said: `${origin.url}${CATALOGUE} offers 1 agent.` }],
  });
  origin.fail(500);
  expect((await found())['discovery']).toMatchObject([
    { state: 'warning', hint: 'Bring it back: its last good copy is used meanwhile.' },
  ]);
  await engine.stop();

  const shut = await openOrigin();
  const closed = shut.url;
  await shut[Symbol.asyncDispose]();
  const agents = {
    agents: [
      { agentId: 'up', cardUrl: `${origin.url}${CARD}`, intents: ['do_one'] },
      { agentId: 'other', cardUrl: `${origin.url}${CARD}`, intents: ['do_other'] },
      { agentId: 'down', cardUrl: `${closed}/card`, intents: ['do_one'] },
    ],
    routes: {},
  };
  origin.fail(null);
  const discovery = { ...noDiscovery, broker: `${closed}/agents/{id}`, wellKnown: [closed] };
  const settings = { document, agents, discovery };
  engine = await engineOn({ database: at.database, keepDatabase: true, clock, settings });
  expect(await found()).toMatchObject({
    broker: [{ state: 'failed', said: `${closed} cannot be reached: ECONNREFUSED.` }],
    discovery: [{ state: 'failed', said: `${closed} cannot be read. It cannot be reached: ECONNREFUSED.` }],
    'agent up': [{ state: 'ok', said: `up answers at ${closed}/agents/up.` }],
    'agent other': [{ state: 'warning', said: 'Its card has no skill do_other.' }],
    'agent down': [{ state: 'failed', said: 'down cannot be reached: ECONNREFUSED.' }],
  });
}, 60_000);
