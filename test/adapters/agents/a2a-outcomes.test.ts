import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assignment, gatewayTo, patient, recordingLogger } from '#test/support/agents/assignment.ts';
import {
  rpcError,
  rpcResult,
  type ScriptedAgent,
  scriptedAgent,
  sendJson,
} from '#test/support/agents/scripted-agent.ts';

const contextId = 'uow:uow-acme:1:sandbox_setup:run_security_scan:1';
const task = (state: string, more: object = {}) => ({ id: 'remote-1', contextId, status: { state }, ...more });
const says = (text: string) => ({ messageId: 'm', role: 'ROLE_AGENT', parts: [{ text }] });
const completedWith = (...artifacts: object[]) => task('TASK_STATE_COMPLETED', { artifacts });
const output = (...parts: object[]) => ({ artifactId: 'a', name: 'output', parts });

let agent: ScriptedAgent;
beforeEach(async () => {
  agent = await scriptedAgent();
});
afterEach(() => agent.close());

const poll = () => gatewayTo(agent.cardUrl).poll(assignment(), 'remote-1', patient);

describe('the state of a task', () => {
  test.each(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'])('%s is working', async (state) => {
    agent.reply(rpcResult(task(state)));
    expect(await poll()).toEqual({ state: 'working', remoteTaskId: 'remote-1', agentId: 'scanner' });
  });

  test('what an agent says while it works is shown', async () => {
    agent.reply(rpcResult(task('', { status: { state: 'TASK_STATE_WORKING', message: says('creating index') } })));
    expect(await poll()).toEqual({
      state: 'working',
      remoteTaskId: 'remote-1',
      agentId: 'scanner',
      message: 'creating index',
    });
  });

  test.each([
    ['TASK_STATE_INPUT_REQUIRED', 'input'],
    ['TASK_STATE_AUTH_REQUIRED', 'authorization'],
  ])('%s interrupts it, with what the agent asks for', async (state, needs) => {
    agent.reply(rpcResult(task('', { status: { state, message: says('which region?') } })));
    const asked = await poll();
    expect(asked).toEqual({
      state: 'interrupted',
      remoteTaskId: 'remote-1',
      agentId: 'scanner',
      question: { id: expect.any(String) as string, needs, text: 'which region?' },
    });
    expect(await poll(), 'the same question').toEqual(asked);
    agent.reply(rpcResult(task('', { status: { state, message: says('which zone?') } })));
    expect(await poll(), 'another question').not.toEqual(asked);
  });

  test.each([
    ['TASK_STATE_FAILED', 'task.failed', true],
    ['TASK_STATE_CANCELED', 'task.failed', true],
    ['TASK_STATE_REJECTED', 'task.rejected', false],
  ])('S97: %s ends the attempt with %s, retryable: %s', async (state, code, retryable) => {
    agent.reply(rpcResult(task('', { status: { state, message: says('disk full') } })));
    expect(await poll()).toEqual({
      state: 'ended',
      remoteTaskId: 'remote-1',
      outcome: { type: 'failed', code, message: 'disk full', retryable },
    });
  });

  test('a state that nobody knows is no answer', async () => {
    agent.reply(rpcResult(task('TASK_STATE_DREAMING')));
    expect(await poll()).toMatchObject({ outcome: { code: 'agent.unreachable', retryable: true } });
  });

  test('a completion of another task is not taken for ours', async () => {
    agent.reply(rpcResult({ ...completedWith(output({ data: { ok: 1 } })), id: 'remote-2' }));
    expect(await poll()).toMatchObject({
      remoteTaskId: 'remote-1',
      outcome: { type: 'failed', code: 'agent.unreachable' },
    });
  });

  test('a completion in another context is not taken for ours', async () => {
    agent.reply(rpcResult({ ...completedWith(output({ data: { ok: 1 } })), contextId: 'uow:other:task:1' }));
    expect(await poll()).toMatchObject({ outcome: { type: 'failed', code: 'agent.unreachable' } });
  });

  test('a task that the agent has lost failed, and may be tried again', async () => {
    agent.reply(rpcError(-32001, 'Task not found: remote-1'));
    expect(await poll()).toMatchObject({
      outcome: { code: 'task.failed', retryable: true, message: 'scanner failed: Task not found: remote-1.' },
    });
  });
});

describe('the output of a completed task', () => {
  test('is the data of the artifact named output, whatever else there is', async () => {
    agent.reply(
      rpcResult(
        completedWith(
          { artifactId: 'log', name: 'log', parts: [{ data: { lines: 3 } }] },
          output({ text: 'Done.' }, { data: { ok: 1 } }),
        ),
      ),
    );
    expect(await poll()).toMatchObject({ state: 'ended', outcome: { type: 'succeeded', output: { ok: 1 } } });
  });

  test('is the only data part where no artifact is named output', async () => {
    agent.reply(
      rpcResult(
        completedWith(
          { artifactId: 'a', parts: [{ text: 'Done.' }] },
          { artifactId: 'b', parts: [{ data: { ok: 2 } }] },
        ),
      ),
    );
    expect(await poll()).toMatchObject({ outcome: { type: 'succeeded', output: { ok: 2 } } });
  });

  test.each([
    ['there is no artifact', []],
    ['it is only text', [output({ text: '{"ok": 1}' })]],
    ['two data parts could be meant', [output({ data: 1 }, { data: 2 })]],
    [
      'two unnamed artifacts could be meant',
      [
        { artifactId: 'a', parts: [{ data: 1 }] },
        { artifactId: 'b', parts: [{ data: 2 }] },
      ],
    ],
  ])('is missing, which is not retried, when %s', async (_, artifacts) => {
    agent.reply(rpcResult(completedWith(...artifacts)));
    expect(await poll()).toMatchObject({ outcome: { type: 'failed', code: 'task.output_missing', retryable: false } });
  });

  test('is the data of a message where the agent answers at once and makes no task', async () => {
    agent.reply(rpcResult({ message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ data: { ok: 3 } }] } }));
    expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toEqual({
      state: 'ended',
      remoteTaskId: null,
      outcome: { type: 'succeeded', output: { ok: 3 } },
    });
  });
});

describe('an error in answer to a send', () => {
  test.each([
    ['invalid parameters', -32602],
    ['a content type that it does not take', -32005],
    ['a protocol version that it does not speak', -32009],
  ])('about %s rejects the task for good', async (_, code) => {
    agent.reply(rpcError(code, 'No'));
    expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toEqual({
      state: 'ended',
      remoteTaskId: null,
      outcome: { type: 'failed', code: 'task.rejected', message: 'scanner refused: No.', retryable: false },
    });
  });

  test('about the agent itself fails the attempt, which may be tried again', async () => {
    agent.reply(rpcError(-32603, 'Out of memory'));
    expect(await gatewayTo(agent.cardUrl).send(assignment(), patient)).toMatchObject({
      outcome: { code: 'task.failed', retryable: true, message: 'scanner failed: Out of memory.' },
    });
  });
});

const from = (attempt: number) => ({
  history: [{ messageId: 'm', role: 'ROLE_USER', parts: [], metadata: { attempt } }],
});
const withTasks = (...tasks: { readonly id: string }[]) =>
  agent.reply((request, response) => {
    const { id, method, params } = request.body as { id: number; method: string; params: { id: string } };
    const result = method === 'ListTasks' ? { tasks } : tasks.find((made) => made.id === params.id);
    sendJson(response, { jsonrpc: '2.0', id, result });
  });
const find = (attempt = 1) => gatewayTo(agent.cardUrl).find(assignment({ attempt }), patient);

describe('the search for what an earlier send has made', () => {
  test('finds the task that is at work', async () => {
    withTasks(task('TASK_STATE_WORKING'));
    expect(await find()).toEqual({ state: 'working', remoteTaskId: 'remote-1', agentId: 'scanner' });
  });

  test('finds the finished work of an earlier attempt of the generation', async () => {
    withTasks({ ...completedWith(output({ data: { ok: 1 } })), ...from(1) });
    expect(await find(2)).toMatchObject({ outcome: { type: 'succeeded', output: { ok: 1 } } });
  });

  test('finds the failure of this very attempt', async () => {
    withTasks(task('TASK_STATE_FAILED', from(1)));
    expect(await find(1)).toMatchObject({ remoteTaskId: 'remote-1', outcome: { code: 'task.failed' } });
  });

  test('does not take the failure of an earlier attempt for this one', async () => {
    withTasks(task('TASK_STATE_FAILED', from(1)));
    expect(await find(2)).toBeNull();
  });

  test('leaves alone the tasks of others that an agent lists in spite of the filter', async () => {
    withTasks(task('TASK_STATE_WORKING', { contextId: 'uow:other:task:1' }));
    expect(await find()).toBeNull();
  });

  test.each([
    ['over JSON-RPC', -32601],
    ['as unsupported', -32004],
  ])('finds nothing with an agent that answers %s that it cannot list', async (_, code) => {
    agent.reply(rpcError(code, 'Invalid method.'));
    expect(await find()).toBeNull();
  });

  test('does not say "none" when the agent cannot be asked', async () => {
    agent.reply((_, response) => void response.writeHead(503).end());
    expect(await find()).toMatchObject({ state: 'ended', outcome: { code: 'agent.unreachable' } });
  });
});

test('a cancel that fails is logged and harms nobody', async () => {
  const logger = recordingLogger();
  agent.reply(rpcError(-32002, 'Task not cancelable'));

  await gatewayTo(agent.cardUrl, { logger }).cancel(assignment(), 'remote-1', patient);

  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'An agent did not cancel a task; its result will be refused.',
      fields: {
        client_id: 'acme',
        work_id: 'uow-acme:1:sandbox_setup',
        task_id: 'run_security_scan',
        remote_task_id: 'remote-1',
        agent: 'scanner',
        problem: 'Task not cancelable',
      },
    },
  ]);
});
