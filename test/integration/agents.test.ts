import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Logger } from '#application/ports.ts';
import { startAskingAgent, type AgentProcess } from '#test/support/agents/agent-process.ts';
import { openPushRelay, type PushRelay } from '#test/support/agents/push-relay.ts';
import { noDiscovery, quiet, smallDocument } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, startInput, type Output } from '#test/support/engine/orchestrator.ts';
import { openStack, type Stack } from '#test/support/mcp/stack.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock } from '#test/support/virtual-clock.ts';

const WITHIN_MS = 60_000;
const output = { region: { type: 'string', required: true } };
const document = smallDocument([
  {
    id: 'sandbox',
    tasks: [
      { id: 'asks', intent: 'ask_input', output },
      { id: 'login', intent: 'ask_login', output },
      { id: 'waits', intent: 'wait_for_it', output },
    ],
  },
  { id: 'production' },
]);

const statuses = ({ units }: Output): readonly string[] =>
  units[0].tasks.map(({ task_id, status }: Output) => `${task_id}: ${status}`);

describe.each(['jsonrpc', 'rest'])('an agent of the official SDK in a process of its own, over %s', (binding) => {
  let agent: AgentProcess;
  let at: FreshDatabase;
  let relay: PushRelay;
  let stack: Stack;
  const alerts: string[] = [];
  const logger: Logger = {
    ...quiet,
    warn: (message, { alert } = {}) => void (typeof alert === 'string' && alerts.push(`${alert}: ${message}`)),
  };
  const settings = () => ({ document, discovery: { ...noDiscovery, wellKnown: [agent.url] } });

  beforeAll(async () => {
    agent = await startAskingAgent(binding);
    at = await freshEmbedded();
    relay = await openPushRelay();
    const http = { host: '127.0.0.1', port: 0, publicUrl: relay.url };
    stack = await openStack({ database: at.database, logger, settings: { ...settings(), http }, http });
    relay.to(stack.url);
    await stack.engine.call('journey.start', startInput('acme'));
  }, 60_000);
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    await stack[Symbol.asyncDispose]();
    await agent.stop();
    await at.drop();
  });

  const later = (looksSo: (journey: Output) => boolean): Promise<Output> =>
    stack.engine.until('acme', looksSo, WITHIN_MS);
  const push = async (path: string, token: string): Promise<number> =>
    (await fetch(`${stack.url}${path}`, { method: 'POST', headers: { 'x-a2a-notification-token': token }, body: '{}' }))
      .status;

  test(
    'S17 S19: is found by its card, and what it asks for makes its tasks wait, visibly and once as an alert',
    async () => {
      const journey = await later(
        (one) => statuses(one).includes('login: auth_required') && statuses(one).includes('asks: input_required'),
      );
      expect(statuses(journey)).toEqual(['asks: input_required', 'login: auth_required', 'waits: running']);
      expect(journey.units[0].tasks[0].asked).toEqual({ needs: 'input', text: 'which region?', answered: false });
      const { blockers } = await stack.engine.call('journey.explain', { client_id: 'acme' });
      expect(blockers.slice(0, 2)).toMatchObject([
        {
          kind: 'agent_asks',
          subject: 'asks',
          owner: 'client',
          next: { command: 'journey-cli answer --work-id=uow-acme:1:sandbox_work --task=asks --answer name=…' },
        },
        { kind: 'agent_asks', subject: 'login', owner: 'us', next: { command: null } },
      ]);
      expect(alerts.toSorted()).toEqual([
        'task_interrupted: The agent of asks waits for an answer.',
        'task_interrupted: The agent of login waits for an authorization.',
      ]);
      const { units } = await stack.engine.call('work.show', { client_id: 'acme' });
      expect(units[0].tasks[1]).toMatchObject({ status: 'auth_required', asked: { text: 'log in at the agent' } });
    },
    WITHIN_MS,
  );

  test(
    'gets the answer in the same task, and goes on with it',
    async () => {
      const call = { work_id: 'uow-acme:1:sandbox_work', task: 'asks', answer: { region: 'eu' } };
      expect((await stack.engine.refused('work.answer', { ...call, task: 'waits' })).code).toBe('task.not_asked');
      await stack.engine.call('work.answer', call);
      expect((await stack.engine.refused('work.answer', call)).code).toBe('task.answered');
      await later((one) => statuses(one)[0] === 'asks: succeeded');
      const { blockers } = await stack.engine.call('journey.explain', { client_id: 'acme' });
      expect(blockers[0], 'what it named has taken it away').toMatchObject({ kind: 'agent_asks', subject: 'login' });
      const received = (await (await fetch(`${agent.url}/received`)).json()) as Output[];
      const asked = received.filter(({ intent }) => intent === 'ask_input');
      expect(asked).toMatchObject([{ taskId: null }, { data: { region: 'eu' }, taskId: expect.any(String) as string }]);
      const { entries } = await stack.engine.call('work.log', { work_id: call.work_id });
      const told = entries.filter(({ task }: Output) => task === 'asks').map(({ message }: Output) => message);
      expect(told).toEqual([
        'Sent to its agent.',
        'The agent waits for an answer: which region?',
        'Answered by olga.',
        ...told.slice(3, -1),
        'Succeeded.',
      ]);
      const { events } = await stack.engine.call('journey.history', { client_id: 'acme' });
      expect(
        events.find(({ type, data }: Output) => type === 'task_succeeded' && data.task_id === 'asks').data.output,
      ).toEqual({ region: 'eu' });
    },
    WITHIN_MS,
  );

  test(
    'tells by pushes that its tasks have moved; forged ones come to nothing',
    async () => {
      const version = (await stack.engine.show('acme')).version;
      const mine = relay.pushed.find(({ path }) => path.includes('waits'));
      if (!mine) throw new Error(`It has pushed nothing: ${JSON.stringify(relay.pushed)}`);
      expect(mine.status).toBe(204);
      expect(await push(mine.path, ''), 'no token').toBe(401);
      expect(await push(mine.path, `${mine.token.slice(0, -1)}_`), 'a wrong token').toBe(401);
      expect(await push(mine.path.replace('waits', 'login'), mine.token), 'the token of another task').toBe(401);
      expect(await push(`${mine.path}1`, mine.token), 'an attempt that there is not').toBe(401);
      expect((await stack.engine.show('acme')).version, 'nothing was recorded').toBe(version);

      const before = relay.pushed.length;
      await fetch(`${agent.url}/release`, { method: 'POST' });
      await later(({ stage }) => stage === 'production');
      expect(relay.pushed.length).toBeGreaterThan(before);
      expect(await push(mine.path, mine.token), 'its task has ended').toBe(404);
    },
    WITHIN_MS,
  );
});

test('a push to a replica that does not follow the task makes that one look, and the end is recorded once', async () => {
  await using ending = new AsyncDisposableStack();
  const agent = await startAskingAgent();
  ending.defer(async () => void (await agent.stop()));
  const at = ending.use(await freshEmbedded());
  const settings = { document, discovery: { ...noDiscovery, wellKnown: [agent.url] } };
  // Time stands still: whoever follows the task does not poll.
  const options = { database: at.database, keepDatabase: true, clock: virtualClock(), settings };
  const one = ending.use(await engineOn(options));
  const other = ending.use(await engineOn(options));
  await one.call('journey.start', startInput('acme'));
  const [sent] = await eventually(
    () =>
      at.database.query<{ remote_agent: string; remote_task_id: string | null }>(
        `select remote_agent, remote_task_id from uow_tasks where task_id = 'waits'`,
      ),
    ([row]) => typeof row?.remote_task_id === 'string',
    WITHIN_MS,
  );
  expect(sent?.remote_agent).toBe(new URL(agent.url).host);
  await fetch(`${agent.url}/release`, { method: 'POST' });
  await eventually(
    async () => (await (await fetch(`${agent.url}/state/${sent?.remote_task_id}`)).json()) as Output,
    ({ state }) => state === 'TASK_STATE_COMPLETED',
    WITHIN_MS,
  );
  const attempt = { clientId: 'acme', workId: 'uow-acme:1:sandbox_work', taskId: 'waits', generation: 1, attempt: 1 };
  expect(await other.orchestrator.wakeAttempt(attempt)).toBe(true);
  const done = await other.until('acme', ({ units }) => units[0].tasks[2].status === 'succeeded', WITHIN_MS);
  expect(done.units[0].tasks[2]).toMatchObject({ attempt: 1 });
  expect(await other.orchestrator.wakeAttempt(attempt)).toBe(false);
}, 120_000);
