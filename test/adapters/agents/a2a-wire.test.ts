import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assignment, gatewayTo, patient } from '#test/support/agents/assignment.ts';
import { cardOf, rpcResult, type ScriptedAgent, scriptedAgent, sendJson } from '#test/support/agents/scripted-agent.ts';

// The SDK's client and server share code, so what they agree on proves little: here the bytes themselves are judged.

const contextId = 'uow:uow-acme:1:sandbox_setup:run_security_scan:1';
const working = { id: 'remote-1', contextId, status: { state: 'TASK_STATE_WORKING' } };

const goldenMessage = {
  // Computed with another implementation of UUID version 5.
  messageId: '1df73031-ba78-548f-945b-2e62c64d1325',
  contextId,
  role: 'ROLE_USER',
  parts: [{ data: { environment_id: 'sbx-acme-1' }, mediaType: 'application/json' }],
  metadata: {
    skillId: 'run_security_scan',
    intent: 'run_security_scan',
    clientId: 'acme',
    workId: 'uow-acme:1:sandbox_setup',
    taskId: 'run_security_scan',
    attempt: 1,
    idempotencyKey: 'uow-acme:1:sandbox_setup/run_security_scan/1',
  },
};
const push = () => ({ url: 'https://journeys.example.com/a2a/push/x', token: 'only-for-this' });
type Sent = { readonly params: { readonly message: { readonly messageId: string }; readonly configuration: unknown } };
const goldenConfiguration = { acceptedOutputModes: ['application/json'], historyLength: 0, returnImmediately: true };

describe('over JSON-RPC', () => {
  let agent: ScriptedAgent;
  beforeEach(async () => {
    agent = await scriptedAgent();
  });
  afterEach(() => agent.close());

  test('S17: a send is one SendMessage with one data part, our metadata, and returnImmediately', async () => {
    agent.reply(rpcResult({ task: working }));

    await gatewayTo(agent.cardUrl).send(assignment(), patient);

    const [request] = agent.requests;
    expect(agent.requests).toHaveLength(1);
    expect(request).toMatchObject({
      method: 'POST',
      path: '/a2a',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'a2a-version': '1.0' },
    });
    expect(request?.body).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: goldenMessage, configuration: goldenConfiguration },
    });
  });

  test('a send names where it may be pushed to, to an agent that can, and to no other', async () => {
    agent.reply(rpcResult({ task: working }));
    await gatewayTo(agent.cardUrl, { push }).send(assignment(), patient);
    agent.replyToCard((_, response) =>
      sendJson(response, { ...cardOf(agent.url), capabilities: { pushNotifications: true } }),
    );
    await gatewayTo(agent.cardUrl, { push }).send(assignment(), patient);
    await gatewayTo(agent.cardUrl).send(assignment(), patient);
    const configurations = agent.requests.map(({ body }) => (body as Sent).params.configuration);
    expect(configurations).toEqual([
      goldenConfiguration,
      {
        ...goldenConfiguration,
        taskPushNotificationConfig: {
          id: goldenMessage.messageId,
          url: 'https://journeys.example.com/a2a/push/x',
          token: 'only-for-this',
        },
      },
      goldenConfiguration,
    ]);
  });

  test('an answer is a message into the task that asked, and the same one when it is sent again', async () => {
    agent.reply(rpcResult({ task: working }));
    const answer = { questionId: 'q1', answer: { region: 'eu' } };
    const gateway = gatewayTo(agent.cardUrl);
    await gateway.answer(assignment(), 'remote-1', answer, patient);
    await gateway.answer(assignment(), 'remote-1', answer, patient);
    await gateway.answer(assignment(), 'remote-1', { ...answer, questionId: 'q2' }, patient);
    const [first, again, other] = agent.requests.map(({ body }) => (body as Sent).params.message);
    expect(first).toEqual({
      messageId: expect.any(String) as string,
      contextId,
      taskId: 'remote-1',
      role: 'ROLE_USER',
      parts: [{ data: { region: 'eu' }, mediaType: 'application/json' }],
      metadata: {
        intent: 'run_security_scan',
        attempt: 1,
        idempotencyKey: 'uow-acme:1:sandbox_setup/run_security_scan/1',
      },
    });
    expect(again).toEqual(first);
    expect(other?.messageId).not.toBe(first?.messageId);
  });

  test('a poll asks for the task alone, without its history', async () => {
    agent.reply(rpcResult(working));

    await gatewayTo(agent.cardUrl).poll(assignment(), 'remote-1', patient);

    expect(agent.requests.map(({ body }) => body)).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 'remote-1', historyLength: 0 } },
    ]);
  });

  test('a search after a crash lists the tasks of the context', async () => {
    agent.reply(rpcResult({ tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 }));

    expect(await gatewayTo(agent.cardUrl).find(assignment(), patient)).toBeNull();

    expect(agent.requests.map(({ body }) => body)).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'ListTasks', params: { contextId, pageSize: 50, includeArtifacts: false } },
    ]);
  });

  test('a cancel names the task', async () => {
    agent.reply(rpcResult({ ...working, status: { state: 'TASK_STATE_CANCELED' } }));

    await gatewayTo(agent.cardUrl).cancel(assignment(), 'remote-1', patient);

    expect(agent.requests.map(({ body }) => body)).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'CancelTask', params: { id: 'remote-1' } },
    ]);
  });

  test('the same attempt sent again, by another process, is the same message', async () => {
    agent.reply(rpcResult({ task: working }));

    await gatewayTo(agent.cardUrl).send(assignment(), patient);
    await gatewayTo(agent.cardUrl).send(assignment(), patient);

    expect(messagesOf(agent).map(({ messageId }) => messageId)).toEqual([
      goldenMessage.messageId,
      goldenMessage.messageId,
    ]);
  });

  test('another attempt is another message with the same idempotency key in the same context', async () => {
    agent.reply(rpcResult({ task: working }));
    const gateway = gatewayTo(agent.cardUrl);

    await gateway.send(assignment(), patient);
    await gateway.send(assignment({ attempt: 2 }), patient);

    const [first, second] = messagesOf(agent);
    expect(second?.messageId).not.toBe(first?.messageId);
    expect(second?.contextId).toBe(first?.contextId);
    expect(second?.metadata).toEqual({ ...goldenMessage.metadata, attempt: 2 });
  });

  test('another generation is another message in another context', async () => {
    agent.reply(({ body }, response) => {
      const { id, params } = body as { id: number; params: { message: { contextId: string } } };
      sendJson(response, { jsonrpc: '2.0', id, result: { task: { ...working, contextId: params.message.contextId } } });
    });
    const gateway = gatewayTo(agent.cardUrl);

    await gateway.send(assignment(), patient);
    await gateway.send(assignment({ generation: 2 }), patient);

    const [first, second] = messagesOf(agent);
    expect(second?.messageId).not.toBe(first?.messageId);
    expect(second?.contextId).toBe('uow:uow-acme:1:sandbox_setup:run_security_scan:2');
  });
});

describe('over HTTP+JSON', () => {
  let agent: ScriptedAgent;
  beforeEach(async () => {
    agent = await scriptedAgent('HTTP+JSON');
  });
  afterEach(() => agent.close());

  test('a send posts the same message to message:send', async () => {
    agent.reply((_, response) => sendJson(response, { task: working }));

    await gatewayTo(agent.cardUrl).send(assignment(), patient);

    expect(agent.requests.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      {
        method: 'POST',
        path: '/a2a/message:send',
        body: { message: goldenMessage, configuration: goldenConfiguration },
      },
    ]);
  });

  test('poll, search and cancel use the paths of the specification', async () => {
    const gateway = gatewayTo(agent.cardUrl);

    agent.reply((_, response) => sendJson(response, working));
    await gateway.poll(assignment(), 'remote-1', patient);
    await gateway.cancel(assignment(), 'remote-1', patient);
    agent.reply((_, response) => sendJson(response, { tasks: [] }));
    await gateway.find(assignment(), patient);

    const query = new URLSearchParams({ contextId, pageSize: '50', includeArtifacts: 'false' });
    expect(agent.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /a2a/tasks/remote-1?historyLength=0',
      'POST /a2a/tasks/remote-1:cancel',
      `GET /a2a/tasks?${query.toString()}`,
    ]);
  });
});

type SentMessage = { readonly messageId: string; readonly contextId: string; readonly metadata: object };

const messagesOf = ({ requests }: ScriptedAgent): readonly SentMessage[] =>
  requests.map(({ body }) => (body as { params: { message: SentMessage } }).params.message);
