import { afterEach, beforeEach } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { scriptedAgents, type ScriptedAgents } from './agents.ts';
import { olga, quiet } from './fixtures.ts';
import { engineOn, eventually, startInput, type Engine, type EngineOptions, type Output } from './orchestrator.ts';
import { freshEmbedded, type FreshDatabase } from '../postgres/fresh.ts';
import { virtualClock, type VirtualClock } from '../virtual-clock.ts';

type Run = {
  at: FreshDatabase;
  clock: VirtualClock;
  agents: ScriptedAgents;
  engine: Engine;
  /** Journey time runs ahead by this much; machine time would have to wake every sleeper in between. */
  ahead_ms: number;
  /** What has been raised, as `alert client`. */
  alerts: string[];
};

/** A whole orchestrator for each test of a file, with functions for agents and time that the test moves. */
export function drivenEngine(more: Parameters<typeof scriptedAgents>[0] = {}) {
  const run = {} as Run;
  const logger: Logger = {
    ...quiet,
    warn: (_message, { alert, client_id } = {}) => {
      if (typeof alert === 'string' && typeof client_id === 'string') run.alerts.push(`${alert} ${client_id}`);
    },
  };
  beforeEach(async () => {
    Object.assign(run, {
      at: await freshEmbedded(),
      clock: virtualClock(),
      agents: scriptedAgents(more),
      ahead_ms: 0,
      alerts: [],
    });
  });
  afterEach(async () => {
    await run.engine.stop();
    await run.at.drop();
  });
  const call = (useCase: string, input: JsonObject, as?: Principal): Promise<Output> =>
    run.engine.call(useCase, input, as);
  return Object.assign(run, {
    begin: async (options: Partial<EngineOptions> = {}): Promise<void> => {
      const clock = { ...run.clock, journey: () => run.clock.journey() + run.ahead_ms };
      const { functions } = run.agents;
      run.engine = await engineOn({ database: run.at.database, functions, clock, logger, ...options });
    },
    /** Moves time on in steps until the journey looks so. */
    later: (client: string, looksSo: (journey: Output) => boolean, step_ms = 500): Promise<Output> =>
      eventually(async () => {
        await run.clock.advance(step_ms);
        return run.engine.show(client);
      }, looksSo),
    start: (client_id: string) => call('journey.start', startInput(client_id)),
    change: (verb: string, client_id: string) => call(`journey.${verb}`, { client_id, reason: 'because' }, olga),
    record: (client_id: string, kind: string, value: JsonObject) =>
      call('evidence.record', { client_id, observations: [{ kind, value }] }),
    eventsOf: async (client_id: string): Promise<readonly Output[]> =>
      (await call('journey.history', { client_id })).events,
  });
}
