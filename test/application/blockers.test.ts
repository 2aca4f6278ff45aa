import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '#application/principal.ts';
import { blockerKinds, type BlockerKind } from '#core/explain/blocker.ts';
import type { JsonObject } from '#core/json.ts';
import { DAY, SECOND } from '#core/time.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { orchestrator, stages, templates } from '#test/settings/defects.ts';
import { seededConfig, type SeededConfig } from '#test/settings/seeded-config.ts';
import { scriptedAgents, type ScriptedAgents } from '#test/support/engine/agents.ts';
import { dana, demoApproval, goodSearch, olga, robot, searchQuality } from '#test/support/engine/fixtures.ts';
import { engineOn, eventually, type Engine, type Output } from '#test/support/engine/orchestrator.ts';
import { verify } from '#test/support/engine/verify.ts';
import { freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '#test/support/virtual-clock.ts';

const worker: Principal = { ...robot, id: 'worker', roles: ['viewer'] };

/** All but the one in the queue and the one in production, which need no place. */
const PLACES = blockerKinds.length - 3;

const stage = (stage_id: string, order: number, more: JsonObject = {}): JsonObject => ({
  stage_id,
  name: stage_id,
  order,
  ...more,
});
const task = (task_id: string, more: JsonObject = {}): JsonObject => ({
  task_id,
  name: task_id,
  agent_intent: `do_${task_id}`,
  input_schema: {},
  output_schema: {},
  ...more,
});
const work = (of: string, ...tasks: JsonObject[]): JsonObject => ({
  template_id: `${of}_work`,
  name: of,
  stage: of,
  tasks,
});

/** JSON is YAML. */
const stagesText = JSON.stringify({
  stages: [
    stage('sandbox', 1, { exit_criteria: [searchQuality(), demoApproval({ expires_after_days: 3 })] }),
    stage('pilot', 2),
    stage('launch', 3, {
      exit_criteria: [searchQuality(0.8, { required: false }), demoApproval({ expires_after_days: 30 })],
      auto_promotion: false,
    }),
    stage('production', 4),
  ],
});
const templatesText = JSON.stringify({
  templates: [
    work(
      'sandbox',
      task('build', {
        output_schema: { size: { type: 'number' } },
        retry_policy: { max_retries: 1, backoff: 'exponential' },
      }),
      task('invite', { depends_on: ['build'], input_schema: { users: { type: 'array', required: true } } }),
    ),
    work('pilot', task('claimed')),
    work('launch', task('fragile', { max_seconds: 5, retry_policy: { max_retries: 3, backoff: 'none' } })),
  ],
});

let at: FreshDatabase;
let config: SeededConfig;
let clock: VirtualClock;
let agents: ScriptedAgents;
let engine: Engine;
let ahead_ms = 0;
let running = (): void => undefined;
/** Whoever is named here has an agent that is not well. */
const unwell = new Set<string>(['task_failed', 'task_retrying', 'breaker_open']);

async function begin(): Promise<void> {
  at = await freshEmbedded();
  config = seededConfig();
  config.write(stages, stagesText);
  config.write(templates, templatesText);
  config.edit(orchestrator, 'max_concurrent_journeys: 100', `max_concurrent_journeys: ${PLACES}`);
  config.edit(orchestrator, 'failure_threshold: 5', 'failure_threshold: 1');
  config.edit(orchestrator, 'initial_backoff_seconds: 2', 'initial_backoff_seconds: 60');
  clock = virtualClock();
  agents = scriptedAgents({ do_build: () => ({ size: 1 }), do_invite: () => ({}), do_fragile: () => ({}) });
  agents.does('do_build', ({ clientId }) => {
    if (clientId === 'task_running') return new Promise((resolve) => (running = () => resolve({ size: 1 })));
    if (unwell.has(clientId) && clientId === 'task_failed') return Promise.resolve({ size: 'large' });
    if (unwell.has(clientId) && clientId === 'task_retrying') return Promise.reject(new Error('the quota is used up'));
    return Promise.resolve({ size: 1 });
  });
  agents.does('do_fragile', ({ clientId }) =>
    unwell.has(clientId) ? new Promise(() => undefined) : Promise.resolve({}),
  );
  const { version, document, files, configDir, effective, findings } = loadSettings({ env: {}, configDir: config.dir });
  engine = await engineOn({
    database: at.database,
    functions: agents.functions,
    clock: { ...clock, journey: () => clock.journey() + ahead_ms },
    // Nobody but the journey itself looks again: a cron runs on the machine's own time.
    settings: { version, document, files, configDir, effective, findings, polling: { cron: '0 0 1 1 *' } },
  });
}

const call = (useCase: string, input: JsonObject, as?: Principal): Promise<Output> => engine.call(useCase, input, as);
const later = <T>(ask: () => Promise<T>, fits: (answer: T) => boolean, step_ms: number = SECOND / 2): Promise<T> =>
  eventually(
    async () => {
      await clock.advance(step_ms);
      return ask();
    },
    fits,
    120_000,
  );
const show = (client_id: string, looksSo: (journey: Output) => boolean) => later(() => engine.show(client_id), looksSo);
const why = (client_id: string): Promise<Output> => call('journey.explain', { client_id });

const start = (client_id: string, inputs: JsonObject = { users: ['ann'] }): Promise<Output> =>
  call('journey.start', { client_id, data_sources: ['jira'], inputs });
const workDone = (client_id: string) => show(client_id, ({ units }) => units[0]?.status === 'completed');
const worked = async (client_id: string): Promise<void> => {
  await start(client_id);
  await workDone(client_id);
};
const measure = (client_id: string, precision = 0.9): Promise<Output> =>
  call('evidence.record', {
    client_id,
    observations: [{ kind: 'search_quality', value: { ...goodSearch, precision } }],
  });
const decide = async (client_id: string, decision: 'approve' | 'reject'): Promise<Output> => {
  const { approval_id, digest } = (await engine.show(client_id)).approval;
  return call('approval.decide', { approval_id, digest, decision, reason: 'As it looks' }, dana);
};
const asked = async (client_id: string): Promise<void> => {
  await worked(client_id);
  await measure(client_id);
};
const inPilot = async (client_id: string): Promise<void> => {
  await asked(client_id);
  await decide(client_id, 'approve');
};
const claimAndDo = async (): Promise<void> => {
  const { task: claimed } = await call('task.claim', { intents: ['do_claimed'] }, worker);
  await call('task.complete', { task_id: claimed.task_id, output: {} }, worker);
};
const inLaunch = async (client_id: string): Promise<void> => {
  await inPilot(client_id);
  await claimAndDo();
};
const atOpenGate = async (client_id: string): Promise<void> => {
  await inLaunch(client_id);
  await workDone(client_id);
  await measure(client_id);
  await decide(client_id, 'approve');
};
const taskIs = (client_id: string, status: string) =>
  show(client_id, ({ units }) => units[0]?.tasks.some((one: Output) => one.status === status));

type Case = {
  readonly inject: (client: string) => Promise<unknown>;
  /** What the action says, where it names nothing that the orchestrator does itself. */
  readonly act?: (client: string) => Promise<unknown> | void;
};

/** It takes an agent that asks: test/integration/agents.test.ts. */
const ELSEWHERE = 'agent_asks';

/** In the order in which they are injected: what takes days comes first. */
const cases: { readonly [kind in Exclude<BlockerKind, typeof ELSEWHERE>]: Case } = {
  criterion_stale: { inject: asked },
  approval_stale: {
    inject: async (client) => {
      await atOpenGate(client);
      ahead_ms += 4 * DAY;
    },
  },
  approval_expired: {
    inject: async (client) => {
      await asked(client);
      ahead_ms += 4 * DAY;
    },
  },
  approval_pending: { inject: asked },
  approval_rejected: {
    inject: async (client) => {
      await asked(client);
      await decide(client, 'reject');
    },
  },
  criterion_failed: {
    inject: async (client) => {
      await worked(client);
      await measure(client, 0.7);
    },
  },
  criterion_unknown: { inject: worked },
  paused: {
    inject: async (client_id) => {
      await worked(client_id);
      await call('journey.pause', { client_id, reason: 'The client migrates' });
    },
  },
  override_pending: {
    inject: async (client_id) => {
      await worked(client_id);
      await call('journey.promote', { client_id, reason: 'The board meets', override: true });
    },
  },
  promotion_pending: { inject: atOpenGate },
  config_reload_failed: {
    inject: async (client_id) => {
      await atOpenGate(client_id);
      await call('journey.promote', { client_id, reason: 'go' });
      config.write(stages, 'stages: []');
      await later(
        () => why(client_id),
        ({ blockers }) => blockers.length > 0,
      );
    },
    act: () => config.write(stages, stagesText),
  },
  waiting_for_input: {
    inject: async (client) => {
      await start(client, {});
      await taskIs(client, 'waiting_for_input');
    },
  },
  task_failed: {
    inject: async (client) => {
      await start(client);
      await taskIs(client, 'failed');
    },
    // Its cause is mended first, as the action says.
    act: async (client) => {
      unwell.delete(client);
      await call('work.retry', { work_id: `uow-${client}:1:sandbox_work` });
    },
  },
  breaker_open: {
    inject: async (client) => {
      await inLaunch(client);
      await taskIs(client, 'waiting_for_breaker');
    },
    act: (client) => void unwell.delete(client),
  },
  no_agent: { inject: inPilot, act: claimAndDo },
  task_running: { inject: start, act: () => running() },
  task_retrying: {
    inject: async (client) => {
      await start(client);
      await taskIs(client, 'retry_wait');
    },
    act: (client) => void unwell.delete(client),
  },
  queued: {
    inject: start,
    act: () => call('journey.complete', { client_id: 'task_retrying', reason: 'It needs its place no more' }),
  },
};
const kinds = Object.keys(cases) as (keyof typeof cases)[];
/** What time takes away, or a place that becomes free, comes before what passes time and frees places. */
const inTurn: readonly (keyof typeof cases)[] = [
  ...new Set<keyof typeof cases>(['task_running', 'task_retrying', 'queued', ...kinds]),
];

const inputs: JsonObject = { users: ['ann', 'ben'] };

/** The input that the action names, with what only people know filled in. */
function filledIn(useCase: string, input: Output): JsonObject {
  switch (useCase) {
    case 'journey.provide_input':
      return { ...input, inputs: Object.fromEntries(Object.keys(input.inputs).map((name) => [name, inputs[name]!])) };
    case 'evidence.record':
      return { ...input, observations: [{ ...input.observations[0], value: goodSearch }] };
    case 'approval.decide':
      return { ...input, decision: 'approve' };
    default:
      return 'reason' in input ? { ...input, reason: 'As why says.' } : input;
  }
}

async function doWhatItNames({ next, owner, kind }: Output): Promise<void> {
  if (next.use_case === null) throw new Error(`${kind} names nothing that can be done here: ${next.text}.`);
  const as = owner === 'approver' || kind === 'override_pending' ? dana : olga;
  await call(next.use_case, filledIn(next.use_case, next.input), as);
}

describe('S145: on a store with one journey for each kind of blocker', () => {
  beforeAll(async () => {
    await begin();
    // One after the other: each finds the store as those before it have left it.
    for (const kind of kinds) await cases[kind].inject(kind);
  }, 300_000);
  afterAll(async () => {
    await engine.stop();
    config[Symbol.dispose]();
    await at.drop();
  });

  test('why names each of them first', async () => {
    expect([...kinds, ELSEWHERE].toSorted()).toEqual(blockerKinds.toSorted());
    const first = await Promise.all(kinds.map(async (kind) => [kind, (await why(kind)).blockers[0]?.kind]));
    expect(first).toEqual(kinds.map((kind) => [kind, kind]));
    const shown = await Promise.all(kinds.map(async (kind) => (await engine.show(kind)).waiting_for as string));
    expect(shown, 'and status says the same in its first lines').toEqual(
      await Promise.all(kinds.map(async (kind) => (await why(kind)).sentence as string)),
    );
  });

  test.each(inTurn)(
    '%s: doing what its action names takes it away',
    async (kind) => {
      const [blocker] = (await why(kind)).blockers;
      expect(blocker).toMatchObject({ kind, next: { text: expect.stringMatching(/\w/) as string } });
      const { act } = cases[kind];
      if (act) await act(kind);
      else await doWhatItNames(blocker);
      await later(
        () => why(kind),
        ({ blockers }) => !blockers.some((one: Output) => one.kind === kind && one.subject === blocker.subject),
        SECOND,
      );
    },
    150_000,
  );

  test('verify finds nothing afterwards', async () => {
    expect(await verify(at.database)).toMatchObject({ broken: [], journeys: kinds.length });
  });
});
