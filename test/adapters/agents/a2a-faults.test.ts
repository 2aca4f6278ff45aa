import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assignment, gatewayTo, patient } from '#test/support/agents/assignment.ts';
import { manualClock } from '#test/support/agents/manual-clock.ts';
import {
  cardOf,
  type Script,
  type ScriptedAgent,
  scriptedAgent,
  sendJson,
} from '#test/support/agents/scripted-agent.ts';

let agent: ScriptedAgent;
beforeEach(async () => {
  agent = await scriptedAgent();
});
afterEach(() => agent.close());

const unreachable = (message: string) => ({
  state: 'ended',
  remoteTaskId: null,
  outcome: { type: 'failed', code: 'agent.unreachable', message, retryable: true },
});

const json = { 'content-type': 'application/json' };
const twoMebibytes = Buffer.alloc(2 * 1_048_576, 'x');

const broken: readonly (readonly [string, Script, string])[] = [
  [
    'an HTTP 500',
    (_, response) => void response.writeHead(500, json).end('{"error":{}}'),
    'scanner answered HTTP 500.',
  ],
  ['an HTTP 503', (_, response) => void response.writeHead(503).end(), 'scanner answered HTTP 503.'],
  [
    'a login page',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
    'scanner answered HTTP 200 with text/html, not JSON.',
  ],
  [
    'no content type',
    (_, response) => void response.writeHead(200).end('{}'),
    'scanner answered HTTP 200 with no content type, not JSON.',
  ],
  [
    'garbage',
    (_, response) => void response.writeHead(200, json).end('}{ nonsense'),
    'scanner answered with something that is not JSON.',
  ],
  [
    'JSON that is no JSON-RPC',
    (_, response) => sendJson(response, ['hello']),
    expect.stringContaining('scanner gave an answer that cannot be read') as string,
  ],
  [
    'an empty result',
    (_, response) => sendJson(response, { jsonrpc: '2.0', id: 1, result: null }),
    expect.stringContaining('scanner gave an answer that cannot be read') as string,
  ],
  [
    'an answer to another request',
    (_, response) => sendJson(response, { jsonrpc: '2.0', id: 99, result: {} }),
    expect.stringContaining('ID mismatch') as string,
  ],
  [
    'a redirect to another host',
    (_, response) => void response.writeHead(307, { location: 'http://169.254.169.254/latest' }).end(),
    'scanner answered HTTP 307 to http://169.254.169.254/latest; redirects are not followed.',
  ],
  [
    'a body of 2 MiB with its length',
    (_, response) => void response.writeHead(200, json).end(twoMebibytes),
    'scanner answered with more than 1048576 bytes.',
  ],
  [
    'a body of 2 MiB without its length',
    (_, response) => {
      response.writeHead(200, json).write(twoMebibytes);
      response.end();
    },
    'scanner answered with more than 1048576 bytes.',
  ],
  [
    'a small body that unpacks to 2 MiB',
    (_, response) => void response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(twoMebibytes)),
    'scanner answered with more than 1048576 bytes.',
  ],
  [
    'a connection that breaks',
    (_, response) => {
      response.writeHead(200, json).write('{"jsonrpc"');
      response.destroy();
    },
    expect.stringContaining('scanner cannot be reached') as string,
  ],
];

test.each(broken)('%s is agent.unreachable, which may be tried again', async (_, script, message) => {
  agent.reply(script);
  expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toEqual(unreachable(message));
});

test('a refused connection is agent.unreachable', async () => {
  await agent.close();
  expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toEqual(
    unreachable('scanner cannot be reached: ECONNREFUSED.'),
  );
});

test('an agent that never answers is given up after 10 s', async () => {
  const clock = manualClock();
  agent.reply(() => undefined);
  const arrival = agent.arrival();
  const sent = gatewayTo(agent.cardUrl, { clock }).send(assignment(), patient);

  await arrival;
  clock.advance(10_000);

  expect(await sent).toEqual(unreachable('scanner gave no complete answer within 10000 ms.'));
});

test('an agent that drips its answer is given up after 10 s, however often it drips', async () => {
  const clock = manualClock();
  agent.reply((_, response) => drip(response));
  const arrival = agent.arrival();
  const sent = gatewayTo(agent.cardUrl, { clock }).send(assignment(), patient);

  await arrival;
  clock.advance(9_999);
  expect(await Promise.race([sent, Promise.resolve('still waiting')])).toBe('still waiting');
  clock.advance(1);

  expect(await sent).toEqual(unreachable('scanner gave no complete answer within 10000 ms.'));
});

test('a card that does not come is given up after 2 s', async () => {
  const clock = manualClock();
  const arrived = new Promise<void>((resolve) => agent.replyToCard(() => resolve()));
  const sent = gatewayTo(agent.cardUrl, { clock }).send(assignment(), patient);

  await arrived;
  clock.advance(2_000);

  expect(await sent).toEqual(unreachable('scanner gave no complete answer within 2000 ms.'));
});

test('a caller that calls off gets an end, not an exception', async () => {
  const caller = new AbortController();
  agent.reply(() => undefined);
  const arrival = agent.arrival();
  const sent = gatewayTo(agent.cardUrl).send(assignment(), caller.signal);

  await arrival;
  caller.abort();

  expect(await sent).toEqual(unreachable('scanner was not waited for: the call was called off.'));
});

test('a card that points to another origin sends nothing there', async () => {
  const victim = await scriptedAgent();
  agent.replyToCard((_, response) => sendJson(response, cardOf(victim.url)));

  const answer = await gatewayTo(agent.cardUrl).send(assignment(), patient);

  expect(answer).toEqual(
    unreachable(
      `scanner has a card that points to ${victim.url}, which is neither the card's own origin nor among the allowed origins.`,
    ),
  );
  expect(victim.requests).toEqual([]);
  await victim.close();
});

test('an origin that the operator allows is used', async () => {
  const elsewhere = await scriptedAgent();
  agent.replyToCard((_, response) => sendJson(response, cardOf(elsewhere.url)));

  await gatewayTo(agent.cardUrl, { allowedOrigins: [elsewhere.url] }).send(assignment(), patient);

  expect(elsewhere.requests).toHaveLength(1);
  await elsewhere.close();
});

test.each([
  ['no interfaces', {}],
  [
    'only an older protocol',
    { supportedInterfaces: [{ url: 'http://127.0.0.1/', protocolBinding: 'JSONRPC', protocolVersion: '0.3' }] },
  ],
  [
    'only a binding that is not spoken here',
    { supportedInterfaces: [{ url: 'http://127.0.0.1/', protocolBinding: 'GRPC', protocolVersion: '1.0' }] },
  ],
])('a card with %s is agent.unreachable', async (_, card) => {
  agent.replyToCard((_request, response) => sendJson(response, card));
  expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toEqual(
    unreachable('scanner offers no A2A 1.0 interface over JSONRPC or HTTP+JSON in its card.'),
  );
});

/** A byte now and then, until the other side hangs up. */
function drip(response: ServerResponse): void {
  response.writeHead(200, json);
  const dripping = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(dripping));
}
