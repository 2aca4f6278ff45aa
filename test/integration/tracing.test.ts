import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import { HOUR } from '#core/time.ts';
import type { Logger } from '#application/ports.ts';
import { sleep } from '#adapters/clock.ts';
import { loopback, openPilot, smallDocument } from '#test/support/engine/fixtures.ts';
import { scriptedAgents } from '#test/support/engine/agents.ts';
import { engineOn, eventually, startInput } from '#test/support/engine/orchestrator.ts';
import { openStack, type Stack } from '#test/support/mcp/stack.ts';
import { answering, receiver, type Receiver } from '#test/support/outbound/receiver.ts';
import { rpcResult, scriptedAgent, type ScriptedAgent } from '#test/support/agents/scripted-agent.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { spansIn, type CollectedSpan } from '#test/support/tracing.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = `00-${TRACE}-00f067aa0ba902b7-01`;
const INTENT = 'do_one';
const document = smallDocument([{ id: 'sandbox', tasks: [{ id: 'one' }] }, { id: 'production' }]);

const start = async (to: Stack, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${to.url}/api/v1/journeys`, {
    method: 'POST',
    body: JSON.stringify({ client_id: 'acme', data_sources: ['jira'] }),
    headers: {
      authorization: `Bearer ${await to.token({ kind: 'user' })}`,
      'content-type': 'application/json',
      ...headers,
    },
  });
const arrived = (what: () => readonly unknown[], count = 1) =>
  eventually(
    () => Promise.resolve(what().length),
    (length) => length >= count,
    60_000,
  );
const idIn = (traceparent: unknown): string => String(traceparent).split('-')[1] ?? '';
const named = (all: readonly CollectedSpan[], name: string) => all.find((span) => span.name === name);
/** An hour later everything that waits is due. */
const inAnHour = (): number => Date.now() + HOUR;

describe('traces over all that a request causes', { timeout: 180_000 }, () => {
  let at: FreshDatabase;
  let collector: Receiver;
  let crm: Receiver;
  let agent: ScriptedAgent;
  let lines: (JsonObject & { readonly message: string })[];
  let stack: Stack | undefined;

  beforeEach(async () => {
    at = await freshEmbedded();
    collector = await receiver(answering(200, { 'content-type': 'application/json' }, '{}'));
    crm = await receiver();
    agent = await scriptedAgent();
    agent.reply(rpcResult({ task: { id: 'remote-1', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } } }));
    lines = [];
  });
  afterEach(async () => {
    await stack?.engine.stop();
    await stack?.[Symbol.asyncDispose]();
    stack = undefined;
    await Promise.all([collector[Symbol.asyncDispose](), crm[Symbol.asyncDispose](), agent.close()]);
    await at.drop();
  });

  const log = (message: string, fields: JsonObject = {}): void => void lines.push({ message, ...fields });
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const traced = () => ({
    telemetry: {
      endpoint: `http://127.0.0.1:${collector.port}/`,
      headers: { 'x-key': 'k' },
      serviceName: 'ours',
      ratio: 1,
    },
  });
  const told = () => ({
    crm: { url: crm.url, secrets: ['a-secret-of-16-letters'], hubSignature: false },
    outbound: loopback,
  });
  const toAgent = () => ({
    agents: { agents: [{ agentId: 'a', cardUrl: agent.cardUrl, intents: [INTENT] }], routes: {} },
  });
  const open = async (settings: object): Promise<Stack> =>
    (stack = await openStack({
      database: at.database,
      logger,
      settings: { document, ...told(), ...toAgent(), ...settings },
    }));
  const spans = (enough: (all: readonly CollectedSpan[]) => boolean) =>
    eventually(() => Promise.resolve(spansIn(collector.received)), enough, 60_000);
  test('S148: one trace from the caller over door, use-case and journal to the agent and the CRM', async () => {
    const to = await open(traced());
    const response = await start(to, { traceparent: CALLER });
    expect(response.status).toBe(201);
    await Promise.all([arrived(() => crm.received), arrived(() => agent.requests)]);
    const all = await spans(
      (some) => named(some, `a2a send ${INTENT}`) !== undefined && named(some, 'deliver crm') !== undefined,
    );

    const chain = ['http POST', 'journey.start', 'journal start', `a2a send ${INTENT}`, 'deliver crm'];
    const ofTrace = chain.map((name) => all.find((span) => span.name === name && span.traceId === TRACE));
    expect(ofTrace.map((span) => span?.name)).toEqual(chain);
    const [http, useCase, journal, send, deliver] = ofTrace;
    expect(http).toMatchObject({ kind: 2, parentSpanId: '00f067aa0ba902b7', failed: null });
    for (const span of [useCase, journal, send, deliver]) expect(span?.parentSpanId).toBe(http?.spanId);
    expect(send).toMatchObject({ kind: 3, attributes: { client_id: 'acme', task_id: 'one', attempt: '1' } });
    // Both are told which span calls them.
    expect(agent.requests[0]?.headers).toMatchObject({
      traceparent: `00-${TRACE}-${send?.spanId}-01`,
      'a2a-version': '1.0',
    });
    expect(crm.received[0]?.headers['traceparent']).toBe(`00-${TRACE}-${deliver?.spanId}-01`);
    // The log is found by the trace, and by the request id that the caller was told.
    const entered = lines.find(({ message }) => message === 'A stage was entered.');
    expect(entered).toMatchObject({ trace_id: TRACE, client_id: 'acme' });
    expect(lines.find(({ route }) => route === '/api/v1/journeys')).toMatchObject({
      trace_id: TRACE,
      request_id: response.headers.get('x-request-id'),
    });
    expect(collector.received[0]?.headers['x-key']).toBe('k');
    expect(JSON.stringify(collector.received[0]?.body)).toContain('"ours"');
  });

  test("S148: a caller's own request id is kept beside the trace, and one that sends no trace begins one", async () => {
    const to = await open(traced());
    const response = await start(to, { 'x-request-id': 'from-the-ingress-1' });
    expect(response.headers.get('x-request-id')).toMatch(/^from-the-ingress-1~00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await arrived(() => crm.received);
    expect(idIn(crm.received[0]?.headers['traceparent'])).toBe(
      idIn(response.headers.get('x-request-id')?.split('~')[1]),
    );
  });

  test('S148: MCP goes on from a trace as REST does', async () => {
    const to = await open(traced());
    await fetch(to.mcpUrl, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      headers: {
        authorization: `Bearer ${await to.token()}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        traceparent: CALLER,
      },
    });
    const all = await spans((some) => some.some(({ traceId }) => traceId === TRACE));
    expect(all.find(({ traceId }) => traceId === TRACE)).toMatchObject({
      name: 'http POST',
      parentSpanId: '00f067aa0ba902b7',
    });
  });

  test('S148: what a dead process left in the outbox is delivered by the next one under the trace that caused it', async () => {
    await crm.down();
    const settings = { document, ...told(), ...traced() };
    const first = await openStack({ database: at.database, keepDatabase: true, settings });
    await start(first, { traceparent: CALLER });
    await first.engine.stop();
    await first[Symbol.asyncDispose]();
    await crm.back();
    const later = { journey: inAnHour, machine: inAnHour, sleep };
    await using next = await engineOn({ database: at.database, keepDatabase: true, clock: later, settings });
    await arrived(() => crm.received);
    expect(idIn(crm.received.at(-1)?.headers['traceparent'])).toBe(TRACE);
    await next.stop();
  });

  test('S148: what the system does by itself is one trace as well: from the result of a task to what the CRM is told', async () => {
    await using engine = await engineOn({
      database: at.database,
      keepDatabase: true,
      functions: scriptedAgents().functions,
      settings: { document: openPilot, ...told(), ...traced() },
    });
    await engine.call('journey.start', startInput('acme'));
    await engine.until('acme', ({ stage }) => stage === 'pilot', 90_000);
    await arrived(() => crm.received.filter(({ body }) => body.type === 'journey.promoted'));
    const promoted = crm.received.find(({ body }) => body.type === 'journey.promoted');
    const traceId = idIn(promoted?.headers['traceparent']);
    const all = await spans((some) => some.filter((span) => span.traceId === traceId).length >= 2);
    const began = all.find((span) => span.traceId === traceId && span.parentSpanId === null);
    expect(began?.name).toMatch(/^journal /);
    expect(all.filter((span) => span.traceId === traceId && span.name === 'deliver crm')[0]?.parentSpanId).toBe(
      began?.spanId,
    );
  });

  test('S148: a collector that is away delays nothing, and nothing is said twice about it', async () => {
    await collector.down();
    const to = await open(traced());
    expect((await start(to)).status).toBe(201);
    await Promise.all([arrived(() => crm.received), arrived(() => agent.requests)]);
    await to.engine.stop();
    await collector.back();
  });

  test('S148: without a collector nothing is traced: nobody is sent a traceparent, and request ids are what they were', async () => {
    const to = await open({});
    expect(to.engine.orchestrator.tracer).toBeNull();
    const response = await start(to, { traceparent: CALLER });
    await Promise.all([arrived(() => crm.received), arrived(() => agent.requests)]);
    expect(crm.received[0]?.headers).not.toHaveProperty('traceparent');
    expect(agent.requests[0]?.headers).not.toHaveProperty('traceparent');
    expect(response.headers.get('x-request-id')).not.toContain(TRACE);
  });
});
