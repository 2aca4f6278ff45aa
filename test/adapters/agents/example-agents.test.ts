import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentGateway, Assignment, Clock, RemoteTask } from '#application/ports.ts';
import type { JsonObject } from '#core/json.ts';
import { type AgentProcess, startAgent } from '#test/support/agents/agent-process.ts';
import { assignment, gatewayWith, patient } from '#test/support/agents/assignment.ts';
import { manualClock } from '#test/support/agents/manual-clock.ts';

const provisioning = [
  'provision_sandbox_environment',
  'install_connectors',
  'provision_test_dataset',
  'run_security_scan',
];
const deployment = ['deploy_production_environment', 'configure_user_access', 'setup_monitoring'];

const gatewayOf = (
  agents: readonly (readonly [string, AgentProcess, readonly string[]])[],
  clock: Clock = manualClock(),
): AgentGateway =>
  gatewayWith({ agents: agents.map(([agentId, { cardUrl }, intents]) => ({ agentId, cardUrl, intents })), clock });

let serial = 0;
/** An assignment of its own for each test, since the agents remember idempotency keys. */
function order(intent: string, input: JsonObject, changes: Partial<Assignment> = {}): Assignment {
  const workId = `uow-acme:${++serial}:test`;
  return assignment({ intent, input, workId, taskId: intent, idempotencyKey: `${workId}/${intent}/1`, ...changes });
}

type Told = { readonly end: Extract<RemoteTask, { state: 'ended' }>; readonly said: readonly string[] };

/** Polls until the task has ended; no pause is needed, since each poll waits for the agent's answer. */
async function finish(gateway: AgentGateway, of: Assignment, sent: RemoteTask): Promise<Told> {
  const said = new Set<string>();
  let seen = sent;
  while (seen.state === 'working') {
    if (seen.message !== undefined) said.add(seen.message);
    seen = await gateway.poll(of, seen.remoteTaskId, patient);
  }
  if (seen.state !== 'ended') throw new Error(`The agent asks: ${seen.question.text}`);
  return { end: seen, said: [...said] };
}

const outputs: readonly (readonly [string, JsonObject, object])[] = [
  [
    'provision_sandbox_environment',
    { client_id: 'acme', data_sources: ['salesforce', 'jira'] },
    { environment_id: expect.stringMatching(/^sbx-acme-[0-9a-f]{6}$/) as string, status: 'ready' },
  ],
  [
    'install_connectors',
    { environment_id: 'sbx-acme-1', connectors: ['salesforce', 'jira'] },
    {
      installed_connectors: [
        { name: 'salesforce', status: 'synced' },
        { name: 'jira', status: 'synced' },
      ],
    },
  ],
  [
    'provision_test_dataset',
    { environment_id: 'sbx-acme-1', data_sources: ['salesforce'] },
    { dataset_id: expect.stringMatching(/^ds-[0-9a-f]{8}$/) as string, record_count: expect.any(Number) as number },
  ],
  [
    'run_security_scan',
    { environment_id: 'sbx-acme-1' },
    {
      scan_result: { critical: 0, high: expect.any(Number) as number },
      vulnerabilities: expect.any(Array) as unknown[],
    },
  ],
  [
    'deploy_production_environment',
    { client_id: 'acme', pilot_cohort_size: 25 },
    { deployment_id: expect.stringMatching(/^dep-acme-[0-9a-f]{6}$/) as string, status: 'deployed' },
  ],
  [
    'configure_user_access',
    { deployment_id: 'dep-acme-1', users: ['ada@acme.example'] },
    { configured_users: [{ user: 'ada@acme.example', role: 'pilot', invited: true }] },
  ],
  [
    'setup_monitoring',
    { deployment_id: 'dep-acme-1' },
    { dashboard_url: 'https://monitoring.example.com/d/dep-acme-1' },
  ],
];

describe.each(['jsonrpc', 'rest'])('the example agents, in processes of their own, over %s', (binding) => {
  let agents: readonly [AgentProcess, AgentProcess];
  let gateway: AgentGateway;
  beforeAll(async () => {
    agents = await Promise.all([
      startAgent(
        'provisioning-agent',
        '--bindings',
        binding,
        '--work-ms',
        '60',
        '--fail-first',
        'provision_test_dataset',
      ),
      startAgent('deployment-agent', '--bindings', binding, '--work-ms', '60'),
    ]);
    gateway = gatewayOf([
      ['provisioning-agent', agents[0], provisioning],
      ['deployment-agent', agents[1], deployment],
    ]);
  });
  afterAll(() => Promise.all(agents.map(({ stop }) => stop())));

  test.each(outputs)('S84..S91: %s ends with the output that the guide declares', async (intent, input, expected) => {
    const of = order(intent, input, { attempt: 2 });
    const sent = await gateway.send(of, patient);
    expect(sent).toMatchObject({ state: 'working', remoteTaskId: expect.any(String) as string });

    const { end } = await finish(gateway, of, sent);

    expect(end.outcome).toMatchObject({ type: 'succeeded', output: expected });
  });

  test('the same input has the same output, in whatever journey', async () => {
    const runs = [
      order('run_security_scan', { environment_id: 'e' }),
      order('run_security_scan', { environment_id: 'e' }),
    ];
    const ends = await Promise.all(runs.map(async (of) => finish(gateway, of, await gateway.send(of, patient))));
    expect(ends[0]?.end.remoteTaskId).not.toBe(ends[1]?.end.remoteTaskId);
    expect(ends[0]?.end.outcome).toEqual(ends[1]?.end.outcome);
  });

  test('polls tell what the agent is doing', async () => {
    const of = order('install_connectors', { environment_id: 'e', connectors: ['salesforce', 'jira'] });
    const { said } = await finish(gateway, of, await gateway.send(of, patient));
    const steps = [
      'installing salesforce connector',
      'syncing salesforce',
      'installing jira connector',
      'syncing jira',
    ];
    // A poll sees the step of its moment, so a slow machine may miss some, but never all, and none out of order.
    expect(said).not.toEqual([]);
    expect(said).toEqual(steps.filter((step) => said.includes(step)));
  });

  test('the same order sent twice, at once and later, is one task', async () => {
    const of = order('setup_monitoring', { deployment_id: 'd' });
    const [first, second] = await Promise.all([gateway.send(of, patient), gateway.send(of, patient)]);
    expect(second.remoteTaskId).toBe(first.remoteTaskId);

    const { end } = await finish(gateway, of, first);
    expect(await gateway.send(of, patient)).toEqual(end);
  });

  test('S97: the first attempt fails where it is asked to, and the next one is new work that succeeds', async () => {
    const first = order('provision_test_dataset', { environment_id: 'e', data_sources: ['jira'] });
    const failure = await finish(gateway, first, await gateway.send(first, patient));
    expect(failure.end.outcome).toMatchObject({ type: 'failed', code: 'task.failed', retryable: true });

    const second = { ...first, attempt: 2 };
    const success = await finish(gateway, second, await gateway.send(second, patient));
    expect(success.end.outcome).toMatchObject({ type: 'succeeded' });
    expect(success.end.remoteTaskId).not.toBe(failure.end.remoteTaskId);
  });

  test('an input that the agent cannot work on is rejected for good', async () => {
    const of = order('install_connectors', { environment_id: 'e', connectors: 'salesforce' });
    const { end } = await finish(gateway, of, await gateway.send(of, patient));
    expect(end.outcome).toEqual({
      type: 'failed',
      code: 'task.rejected',
      message: 'connectors must be a list',
      retryable: false,
    });
  });

  test('after a crash the task of an earlier send is found, at work and when it is done', async () => {
    const of = order('run_security_scan', { environment_id: 'e' });
    expect(await gateway.find(of, patient)).toBeNull();
    const sent = await gateway.send(of, patient);

    const restarted = gatewayOf([['provisioning-agent', agents[0], provisioning]]);
    const found = await restarted.find(of, patient);
    expect(found?.remoteTaskId).toBe(sent.remoteTaskId);

    const { end } = await finish(restarted, of, sent);
    expect(await restarted.find(of, patient)).toEqual(end);
  });

  test('health shows both agents with their names', async () => {
    expect(await gateway.health()).toMatchObject([
      { agentId: 'provisioning-agent', name: 'provisioning-agent', healthy: true },
      { agentId: 'deployment-agent', name: 'deployment-agent', healthy: true },
    ]);
  });
});

describe('an example agent', () => {
  test.each(['jsonrpc', 'rest'])('stops the work of a task that is cancelled over %s', async (binding) => {
    const agent = await startAgent('deployment-agent', '--work-ms', '600000', '--bindings', binding);
    const gateway = gatewayOf([['deployment-agent', agent, deployment]]);
    const of = order('setup_monitoring', { deployment_id: 'd' });
    const sent = await gateway.send(of, patient);

    await gateway.cancel(of, sent.remoteTaskId ?? '', patient);

    const { end } = await finish(gateway, of, sent);
    expect(end.outcome).toMatchObject({
      type: 'failed',
      code: 'task.failed',
      message: 'cancelled while registering scrape targets',
    });
    await agent.stop();
  });

  test('ends with 0 on SIGTERM, also while it works, and is unhealthy from then on', async () => {
    const agent = await startAgent('deployment-agent', '--work-ms', '600000');
    const gateway = gatewayOf([['deployment-agent', agent, deployment]]);
    await gateway.send(order('setup_monitoring', { deployment_id: 'd' }), patient);

    expect(await agent.stop()).toBe(0);

    expect(await gateway.health()).toMatchObject([{ name: 'deployment-agent', healthy: false, lastSeen: 1_000_000 }]);
  });

  test('answers 304 to the ETag of its card', async () => {
    const agent = await startAgent('deployment-agent');
    const card = await fetch(agent.cardUrl);
    const etag = card.headers.get('etag') ?? '';
    const { skills } = (await card.json()) as { skills: { id: string }[] };

    expect(skills.map(({ id }) => id)).toEqual(deployment);
    expect((await fetch(agent.cardUrl, { headers: { 'if-none-match': etag } })).status).toBe(304);
    await agent.stop();
  });

  test('refuses an option that it does not know what to do with', async () => {
    await expect(startAgent('deployment-agent', '--fail-first', 'brew_coffee')).rejects.toThrow(
      'deployment-agent has no intent brew_coffee',
    );
  });
});
