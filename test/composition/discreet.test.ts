import { expect, test } from 'vitest';
import { redactor } from '#core/redact.ts';
import type { AgentGateway, RemoteTask } from '#application/ports.ts';
import { discreetCollector, discreetDestination, discreetGateway, discreetProbe } from '#src/composition/discreet.ts';

const SECRET = 'a-secret-of-ours-0123456789';
const redact = redactor([SECRET]);
const said = `You sent ${SECRET}.`;
const clean = 'You sent ***.';
const signal = new AbortController().signal;

test('I18: what an agent says of its failure is recorded without our secrets; its output is its own', async () => {
  const failed: RemoteTask = {
    state: 'ended',
    remoteTaskId: 't-1',
    outcome: { type: 'failed', code: 'agent.failed', message: said, retryable: true },
  };
  const working: RemoteTask = { state: 'working', remoteTaskId: 't-1', agentId: 'a' };
  const gateway = {
    send: () => Promise.resolve(failed),
    poll: () => Promise.resolve(working),
    find: () => Promise.resolve(null),
    answer: () => Promise.resolve(failed),
  } as unknown as AgentGateway;
  const discreet = discreetGateway(redact, gateway);
  const assignment = {} as Parameters<AgentGateway['send']>[0];
  expect(await discreet.send(assignment, signal)).toMatchObject({ outcome: { code: 'agent.failed', message: clean } });
  expect(await discreet.poll(assignment, 't-1', signal)).toBe(working);
  expect(await discreet.find(assignment, signal)).toBeNull();
  expect(await discreet.answer(assignment, 't-1', { questionId: 'q', answer: {} }, signal)).toMatchObject({
    outcome: { message: clean },
  });
});

test('I18: why evidence could not be collected, or a message not delivered, is kept without them', async () => {
  const collector = discreetCollector(redact)({
    name: 'glean',
    brings: [],
    timeout_ms: 1,
    concurrency: 1,
    callsPerMinute: 1,
    clientsPerCall: 1,
    collect: ([one]) =>
      one
        ? Promise.resolve([{ clientId: 'acme', kind: 'bug', observations: [], problem: said }])
        : Promise.reject(new Error(said)),
  });
  await expect(collector.collect([], signal)).rejects.toThrow(clean);
  expect(await collector.collect([{} as never], signal)).toMatchObject([{ problem: clean }]);
  const destination = discreetDestination(redact)({
    name: 'crm',
    wants: [],
    deliver: () => Promise.resolve({ type: 'refused', problem: said }),
  });
  expect(await destination.deliver({} as never, signal)).toEqual({ type: 'refused', problem: clean });
});

test('I18: what doctor finds is shown without them', async () => {
  const probe = discreetProbe(redact)({ name: 'crm', look: () => Promise.resolve([{ state: 'failed', said }]) });
  expect(await probe.look(signal)).toEqual([{ state: 'failed', said: clean }]);
});
