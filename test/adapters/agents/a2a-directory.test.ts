import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE } from '#core/time.ts';
import { assignment, gatewayTo, patient, recordingLogger } from '#test/support/agents/assignment.ts';
import { manualClock } from '#test/support/agents/manual-clock.ts';
import {
  cardOf,
  rpcResult,
  type ScriptedAgent,
  scriptedAgent,
  sendJson,
  skill,
} from '#test/support/agents/scripted-agent.ts';

let agent: ScriptedAgent;
beforeEach(async () => {
  agent = await scriptedAgent();
  agent.reply(
    rpcResult({
      task: {
        id: 'remote-1',
        contextId: 'uow:uow-acme:1:sandbox_setup:run_security_scan:1',
        status: { state: 'TASK_STATE_WORKING' },
      },
    }),
  );
});
afterEach(() => agent.close());

const route = (intent: string, routes: Record<string, 'a2a' | 'pull' | 'in_process'> = {}) =>
  gatewayTo('http://127.0.0.1:1/card.json', { routes, inProcessIntents: ['setup_monitoring'] }).route(intent);

const healthy = () => ({ agentId: 'scanner', name: 'Scripted agent', url: `${agent.url}/a2a`, healthy: true });

describe('the route of an intent', () => {
  test('is what the config says, before anything else', () => {
    expect(route('setup_monitoring', { setup_monitoring: 'pull' })).toBe('pull');
    expect(route('run_security_scan', { run_security_scan: 'in_process' })).toBe('in_process');
  });

  test('is in_process where this process has a function for it', () => {
    expect(route('setup_monitoring')).toBe('in_process');
  });

  test('is a2a where an agent offers it', () => {
    expect(route('run_security_scan')).toBe('a2a');
  });

  test('is pull where nobody offers it, also for names that every object has', () => {
    expect(route('install_connectors')).toBe('pull');
    expect(route('constructor')).toBe('pull');
  });
});

test('S98: an intent that no agent offers is agent.none, which may be tried again', async () => {
  expect(await gatewayTo(agent.cardUrl).send(assignment({ intent: 'install_connectors' }), patient)).toEqual({
    state: 'ended',
    remoteTaskId: null,
    outcome: { type: 'failed', code: 'agent.none', message: 'No agent offers install_connectors.', retryable: true },
  });
});

describe('the card', () => {
  test('is asked for once, and again by its ETag after five minutes', async () => {
    const clock = manualClock();
    const gateway = gatewayTo(agent.cardUrl, { clock });
    agent.replyToCard((request, response) => {
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else sendJson(response, cardOf(agent.url), { etag: '"v1"' });
    });

    await gateway.send(assignment(), patient);
    await gateway.send(assignment(), patient);
    expect(agent.cardRequests).toHaveLength(1);

    clock.advance(5 * MINUTE);
    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working' });
    expect(agent.cardRequests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"v1"']);
  });

  test('S19: serves on as the last good copy while it cannot be read, with a warning', async () => {
    const clock = manualClock();
    const logger = recordingLogger();
    const gateway = gatewayTo(agent.cardUrl, { clock, logger });
    await gateway.send(assignment(), patient);

    agent.replyToCard((_, response) => void response.writeHead(500).end());
    clock.advance(5 * MINUTE);

    expect(await gateway.send(assignment(), patient)).toMatchObject({ state: 'working' });
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        message: 'A card or a catalogue cannot be read; its last good copy is used.',
        fields: { url: agent.cardUrl, problem: 'answered HTTP 500' },
      },
    ]);
  });

  test('names the skill of an intent by a tag where its id is another', async () => {
    agent.replyToCard((_, response) =>
      sendJson(response, cardOf(agent.url, 'JSONRPC', [skill('scan-v2', ['intent:run_security_scan'])])),
    );

    await gatewayTo(agent.cardUrl).send(assignment(), patient);

    expect(agent.requests[0]?.body).toMatchObject({
      params: { message: { metadata: { skillId: 'scan-v2', intent: 'run_security_scan' } } },
    });
  });

  test('may have security schemes', async () => {
    const securitySchemes = { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } };
    agent.replyToCard((_, response) => sendJson(response, { ...cardOf(agent.url), securitySchemes }));

    expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toMatchObject({ state: 'working' });
  });
});

describe('the health of agents', () => {
  test('S19: an agent that shows its card is healthy and seen now', async () => {
    expect(await gatewayTo(agent.cardUrl).health('run_security_scan')).toEqual([{ ...healthy(), lastSeen: 1_000_000 }]);
  });

  test('an agent that is down is not, and keeps the time when it was last seen', async () => {
    const clock = manualClock();
    const gateway = gatewayTo(agent.cardUrl, { clock });
    await gateway.send(assignment(), patient);
    agent.replyToCard((_, response) => void response.writeHead(502).end());
    clock.advance(MINUTE);

    expect(await gateway.health()).toEqual([
      { ...healthy(), healthy: false, lastSeen: 1_000_000, problem: 'scanner answered HTTP 502.' },
    ]);
  });

  test('an agent that was never reached is shown by its card URL', async () => {
    await agent.close();
    expect(await gatewayTo(agent.cardUrl).health()).toEqual([
      {
        agentId: 'scanner',
        name: 'scanner',
        url: agent.cardUrl,
        healthy: false,
        lastSeen: null,
        problem: 'scanner cannot be reached: ECONNREFUSED.',
      },
    ]);
  });

  test('an agent that does not answer within 2 s is not healthy', async () => {
    const clock = manualClock();
    const asked = new Promise<void>((resolve) => agent.replyToCard(() => resolve()));
    const health = gatewayTo(agent.cardUrl, { clock }).health();

    await asked;
    clock.advance(2_000);

    expect(await health).toMatchObject([
      { healthy: false, problem: 'scanner gave no complete answer within 2000 ms.' },
    ]);
  });

  test('S98: a card without the skill that the config promises is a problem', async () => {
    agent.replyToCard((_, response) => sendJson(response, cardOf(agent.url, 'JSONRPC', [skill('other')])));
    expect(await gatewayTo(agent.cardUrl).health()).toMatchObject([
      { healthy: true, problem: 'Its card has no skill run_security_scan.' },
    ]);
  });

  test('only the agents of the intent are asked', async () => {
    expect(await gatewayTo(agent.cardUrl).health('install_connectors')).toEqual([]);
    expect(agent.cardRequests).toEqual([]);
  });
});
