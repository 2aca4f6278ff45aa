import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE } from '#core/time.ts';
import type { A2aGatewayOptions } from '#adapters/agents/a2a-gateway.ts';
import { assignment, copiesInMemory, gatewayWith, patient, recordingLogger } from '#test/support/agents/assignment.ts';
import { manualClock } from '#test/support/agents/manual-clock.ts';
import { openOrigin, type Origin } from '#test/support/agents/origin.ts';
import { cardOf, rpcResult, sendJson, skill } from '#test/support/agents/scripted-agent.ts';

const CARD = '/.well-known/agent-card.json';
const CATALOGUE = '/.well-known/ai-catalog.json';
const A2A = 'application/a2a-agent-card+json';
const intent = 'run_security_scan';

let host: Origin;
let catalogue: Origin;
beforeEach(async () => {
  [host, catalogue] = [await openOrigin(), await openOrigin()];
  host.put(CARD, cardOf(host.url));
  host.put('/a2a', (asked, response) =>
    rpcResult({ task: { id: 'remote-1', contextId, status: { state: 'TASK_STATE_WORKING' } } })(
      { ...asked, body: JSON.parse(asked.body) as object },
      response,
    ),
  );
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
  await catalogue[Symbol.asyncDispose]();
});
const contextId = 'uow:uow-acme:1:sandbox_setup:run_security_scan:1';

const lists = (...entries: readonly object[]): void => catalogue.put(CATALOGUE, { specVersion: '1.0', entries });
const entry = (identifier: string, url: string) => ({ identifier, type: A2A, url });
const byCatalogue = (more: Partial<A2aGatewayOptions> = {}) =>
  gatewayWith({ catalogue: `${catalogue.url}${CATALOGUE}`, allowedOrigins: [host.url], ...more });

describe('S19: a host with a card at the well-known path', () => {
  test('offers what its card says, once it has been looked at', async () => {
    const gateway = gatewayWith({ wellKnown: [host.url] });
    expect(gateway.route(intent)).toBe('pull');
    expect(gateway.sources()).toMatchObject([{ kind: 'well_known', state: 'unread', agents: 0 }]);

    await gateway.discover();

    expect(gateway.route(intent)).toBe('a2a');
    expect(gateway.route('constructor')).toBe('pull');
    expect(gateway.sources()).toEqual([
      { kind: 'well_known', url: host.url, state: 'ok', agents: 1, readAt: 1_000_000, problem: null },
    ]);
    const agentId = new URL(host.url).host;
    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working', agentId });
    expect(await gateway.health(intent)).toMatchObject([{ agentId, healthy: true }]);
  });
});

describe('S19: of several agents that offer an intent', () => {
  test('the one is asked whose skill is called so, else the one that tags it, else the one that has an alias for it', async () => {
    for (const [path, skills] of [
      ['/alias', [skill('scanner-v2')]],
      ['/tag', [skill('scan', [`intent:${intent}`])]],
      ['/id', [skill(intent)]],
    ] as const)
      host.put(path, cardOf(host.url, 'JSONRPC', skills));
    const aliases = { [intent]: ['scanner-v2'] };
    const asked = async (...names: readonly string[]) => {
      lists(...names.map((name) => entry(`urn:agent:${name}`, `${host.url}/${name}`)));
      const gateway = byCatalogue({ aliases });
      await gateway.discover();
      const sent = await gateway.send(assignment(), patient);
      const { params } = JSON.parse(host.asked.at(-1)?.body ?? '{}') as {
        params: { message: { metadata: { skillId: string } } };
      };
      return [sent.state === 'working' ? sent.agentId : null, params.message.metadata.skillId];
    };
    expect(await asked('alias', 'tag', 'id')).toEqual(['urn:agent:id', intent]);
    expect(await asked('alias', 'tag')).toEqual(['urn:agent:tag', 'scan']);
    expect(await asked('alias')).toEqual(['urn:agent:alias', 'scanner-v2']);
  });

  test('one that an operator has named comes first, and nobody replaces it under its name', async () => {
    const named = await openOrigin();
    named.put(CARD, cardOf(named.url));
    named.put('/a2a', (_asked, response) => void response.writeHead(500).end());
    host.put('/card', cardOf(host.url));
    lists(entry('scanner', `${host.url}/card`), entry('urn:agent:other', `${host.url}/card`));
    const gateway = byCatalogue({
      agents: [{ agentId: 'scanner', cardUrl: `${named.url}${CARD}`, intents: [intent] }],
    });
    await gateway.discover();

    await gateway.send(assignment(), patient);

    expect(named.asked.filter(({ path }) => path === '/a2a')).toHaveLength(1);
    expect((await gateway.health()).map(({ agentId }) => agentId)).toEqual(['scanner', 'urn:agent:other']);
    await named[Symbol.asyncDispose]();
  });

  test('the one that has the task is polled, whoever is preferred by now', async () => {
    host.put('/card', cardOf(host.url));
    lists(entry('urn:agent:one', `${host.url}/card`));
    const gateway = byCatalogue({ wellKnown: [host.url] });
    await gateway.discover();
    const mine = { ...assignment(), agentId: 'urn:agent:one' };
    expect(await gateway.send(assignment(), patient)).toMatchObject({ agentId: new URL(host.url).host });
    expect(await gateway.poll(mine, 'remote-1', patient)).not.toMatchObject({ outcome: { code: 'agent.none' } });
    expect(await gateway.poll({ ...mine, agentId: 'urn:agent:gone' }, 'remote-1', patient)).toMatchObject({
      outcome: { code: 'agent.unreachable', retryable: true },
    });
  });
});

describe('S19 S20: an AI Catalog', () => {
  test('lists cards by URL, also relative ones, and holds cards itself', async () => {
    catalogue.put('/cards/near', cardOf(catalogue.url, 'JSONRPC', [skill('near')]));
    host.put('/far', cardOf(host.url, 'JSONRPC', [skill('far')]));
    lists(
      entry('urn:agent:near', '/cards/near'),
      { ...entry('urn:agent:far', `${host.url}/far`), type: undefined, mediaType: A2A },
      { identifier: 'urn:agent:inline', type: A2A, data: cardOf(host.url, 'JSONRPC', [skill('inline')]) },
      { identifier: 'urn:mcp:server', type: 'application/mcp-server-card+json', url: 'http://127.0.0.1:1/' },
    );
    const gateway = byCatalogue();
    await gateway.discover();
    expect(['near', 'far', 'inline'].map(gateway.route)).toEqual(['a2a', 'a2a', 'a2a']);
    expect(gateway.sources()).toMatchObject([{ kind: 'catalogue', state: 'ok', agents: 3, problem: null }]);
  });

  test('cannot turn us against other hosts: neither cards nor interfaces there are asked', async () => {
    const victim = await openOrigin();
    const [hidden, inside] = [`${victim.url}/card`, cardOf(victim.url, 'JSONRPC', [skill('inside')])];
    host.put('/turncoat', cardOf(victim.url, 'JSONRPC', [skill('turncoat')]));
    lists(
      entry('urn:agent:hidden', hidden),
      entry('urn:agent:meta', 'http://169.254.169.254/latest/meta-data'),
      entry('urn:agent:file', 'file:///etc/passwd'),
      entry('urn:agent:turncoat', `${host.url}/turncoat`),
      { identifier: 'urn:agent:inside', type: A2A, data: inside },
    );
    const gateway = byCatalogue();
    await gateway.discover();
    expect(gateway.sources()).toMatchObject([{ state: 'ok', agents: 0 }]);
    expect(gateway.sources()[0]?.problem).toContain(
      `urn:agent:hidden is at ${victim.url}, which is not among allowed_origins in agents.yaml.`,
    );
    expect(gateway.sources()[0]?.problem).toContain('urn:agent:meta is at http://169.254.169.254');
    expect(['inside', 'turncoat'].map(gateway.route)).toEqual(['pull', 'pull']);
    expect(victim.asked).toEqual([]);
    await victim[Symbol.asyncDispose]();
  });

  test('that lists too much, too little or twice is used as far as it goes', async () => {
    host.put('/card', cardOf(host.url));
    lists(
      entry('urn:agent:one', `${host.url}/card`),
      entry('urn:agent:one', `${host.url}/card`),
      { type: A2A, url: `${host.url}/card` },
      { identifier: 'urn:agent:empty', type: A2A },
      entry('urn:agent:gone', `${host.url}/gone`),
      ...Array.from({ length: 300 }, (_, n) => entry(`urn:agent:${n}`, 'http://127.0.0.1:1/')),
    );
    const gateway = byCatalogue();
    await gateway.discover();
    expect(gateway.sources()).toMatchObject([{ state: 'ok', agents: 1 }]);
    expect(gateway.sources()[0]?.problem?.split('. ').slice(0, 4)).toEqual([
      'It lists 305 agents; 200 are looked at',
      'It lists urn:agent:one twice',
      'One of its entries has no identifier of 1 to 255 characters',
      'urn:agent:empty has neither a URL nor a card',
    ]);
    expect(gateway.route(intent)).toBe('a2a');
  });

  test('is asked again by its ETag', async () => {
    lists();
    const gateway = byCatalogue();
    await gateway.discover();
    await gateway.discover();
    expect(catalogue.asked.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      expect.any(String) as string,
    ]);
    expect(gateway.sources()).toMatchObject([{ state: 'ok' }]);
  });
});

describe('S19: while a source is down', () => {
  test('its last good copy serves on, and it is shown as stale until it is back', async () => {
    const clock = manualClock();
    const logger = recordingLogger();
    lists(entry('urn:agent:one', `${host.url}${CARD}`));
    const gateway = byCatalogue({ clock, logger });
    await gateway.discover();
    catalogue.fail(502);
    clock.advance(MINUTE);
    await gateway.discover();
    expect(gateway.sources()).toEqual([
      {
        kind: 'catalogue',
        url: `${catalogue.url}${CATALOGUE}`,
        state: 'stale',
        agents: 1,
        readAt: 1_000_000,
        problem: 'It answered HTTP 502.',
      },
    ]);
    expect(gateway.route(intent)).toBe('a2a');
    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working' });
    catalogue.fail(null);
    await gateway.discover();
    expect(gateway.sources()).toMatchObject([{ state: 'ok', readAt: 1_000_000 + MINUTE }]);
  });

  test('a process that starts meanwhile has the copies that another one has kept, cards as well', async () => {
    const copies = copiesInMemory();
    lists(entry('urn:agent:one', `${host.url}${CARD}`));
    await byCatalogue({ copies }).discover();
    catalogue.fail(503);
    host.put(CARD, (_asked, response) => void response.writeHead(503).end());
    const gateway = byCatalogue({ copies });
    await gateway.discover();
    expect(gateway.sources()).toMatchObject([{ state: 'stale', agents: 1, readAt: null }]);
    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working', agentId: 'urn:agent:one' });
    expect(catalogue.asked.at(-1)?.headers['if-none-match'], 'asked by the kept ETag').toBeDefined();
  });

  test.each([
    ['an HTTP 500', (response: Response$) => void response.writeHead(500).end(), 'It answered HTTP 500.'],
    [
      'a redirect to somewhere else',
      (response: Response$) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      'It answered HTTP 302 to http://169.254.169.254/; redirects are not followed.',
    ],
    ['no list', (response: Response$) => sendJson(response, {}), 'It shows no AI Catalog: it has no list of entries.'],
    ['an array', (response: Response$) => sendJson(response, []), 'It shows a document that is not an object.'],
    [
      '2 MiB',
      (response: Response$) => sendJson(response, { entries: ['x'.repeat(2_097_152)] }),
      'It answered with more than 1048576 bytes.',
    ],
  ])('a catalogue with %s was never read, and stops nothing', async (_, answer, problem) => {
    catalogue.put(CATALOGUE, (_asked, response) => answer(response));
    const gateway = byCatalogue({ wellKnown: [host.url] });
    await gateway.discover();
    expect(gateway.sources()).toMatchObject([
      { kind: 'well_known', state: 'ok' },
      { kind: 'catalogue', state: 'unread', agents: 0, problem },
    ]);
    expect(gateway.route(intent)).toBe('a2a');
  });

  test('a catalogue that drips is given up after 2 s', async () => {
    const clock = manualClock();
    const dripping = Promise.withResolvers<void>();
    catalogue.put(CATALOGUE, (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      dripping.resolve();
    });
    const gateway = byCatalogue({ clock });
    const looked = gateway.discover();
    await dripping.promise;
    clock.advance(2_000);
    await looked;
    expect(gateway.sources()).toMatchObject([
      { state: 'unread', problem: 'It gave no complete answer within 2000 ms.' },
    ]);
  });
});

type Response$ = Parameters<typeof sendJson>[0];

describe('S17 S18: with a broker', () => {
  test.each([
    ['JSONRPC', '/agents/urn%3Aagent%3Aone'],
    ['HTTP+JSON', '/agents/urn%3Aagent%3Aone/message:send'],
  ])('the same request (%s) goes to the agent’s place there, and none to its interface', async (binding, path) => {
    const broker = await openOrigin();
    const task = { id: 'remote-1', contextId, status: { state: 'TASK_STATE_WORKING' } };
    broker.put(path, (asked, response) => {
      const body = JSON.parse(asked.body) as { id?: number };
      sendJson(response, binding === 'JSONRPC' ? { jsonrpc: '2.0', id: body.id, result: { task } } : { task });
    });
    host.put('/card', cardOf('http://agent.invalid', binding));
    lists(entry('urn:agent:one', `${host.url}/card`));
    const gateway = byCatalogue({ broker: `${broker.url}/agents/{id}`, tokens: { [broker.url]: 'for-the-broker' } });
    await gateway.discover();
    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working', agentId: 'urn:agent:one' });
    expect(broker.asked).toMatchObject([
      { method: 'POST', path, headers: { authorization: 'Bearer for-the-broker', 'a2a-version': '1.0' } },
    ]);
    expect(broker.asked[0]?.body).toContain('"intent":"run_security_scan"');
    expect(
      host.asked.map((asked) => asked.path),
      'only its card',
    ).toEqual(['/card']);
    await broker[Symbol.asyncDispose]();
  });
});

const shown = (origin: Origin) => origin.asked.map(({ headers }) => headers.authorization);

test('a token goes to the origin that it is for, and to no other', async () => {
  const elsewhere = await openOrigin();
  host.put(CARD, cardOf(elsewhere.url));
  elsewhere.put('/a2a', (_asked, response) => void response.writeHead(500).end());
  lists(entry('urn:agent:one', `${host.url}${CARD}`));
  const gateway = byCatalogue({
    allowedOrigins: [host.url, elsewhere.url],
    tokens: { [host.url]: 'for-the-host', [catalogue.url]: 'for-the-catalogue' },
  });
  await gateway.discover();
  await gateway.send(assignment(), patient);
  expect(shown(host)).toEqual(['Bearer for-the-host']);
  expect(shown(catalogue)).toEqual(['Bearer for-the-catalogue']);
  expect(shown(elsewhere)).toEqual([undefined]);
  await elsewhere[Symbol.asyncDispose]();
});
