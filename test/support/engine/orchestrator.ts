import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { catalogue } from '#application/catalogue.ts';
import type { Problem } from '#application/execute.ts';
import type { Collector } from '#application/collecting/collector.ts';
import type { Clock, InProcessAgent, Logger } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import type { Json, JsonObject } from '#core/json.ts';
import { compose, type Orchestrator } from '#src/composition/compose.ts';
import type { Database } from '#adapters/postgres/database.ts';
import type { Settings } from '#settings/settings.ts';
import { olga, quiet, settingsWith } from './fixtures.ts';

/** What a use-case answers, as loosely as a test reads it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are compared with expectations, never built upon.
export type Output = any;

export type Engine = AsyncDisposable & {
  readonly orchestrator: Orchestrator;
  /** Throws when it is refused. */
  readonly call: (useCase: string, input: JsonObject, as?: Principal, idempotencyKey?: string) => Promise<Output>;
  /** Throws when it is not refused. */
  readonly refused: (useCase: string, input: JsonObject, as?: Principal, idempotencyKey?: string) => Promise<Problem>;
  readonly show: (clientId: string) => Promise<Output>;
  /** Resolves as soon as the journey looks so; throws with what it looks like when it does not within the time. */
  readonly until: (clientId: string, looksSo: (journey: Output) => boolean, within_ms?: number) => Promise<Output>;
  readonly stop: () => Promise<void>;
};

export type EngineOptions = {
  readonly database: Database;
  readonly functions?: { readonly [intent: string]: InProcessAgent };
  readonly clock?: Clock;
  readonly settings?: Partial<Settings>;
  readonly logger?: Logger;
  readonly collectors?: readonly Collector[];
  /** The database goes on when the engine stops: another engine is on it. */
  readonly keepDatabase?: boolean;
};

/** The whole product without doors, on a given database. */
export async function engineOn(options: EngineOptions): Promise<Engine> {
  const { database, functions = {}, clock, keepDatabase = false, logger = quiet } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'journey-engine-'));
  const orchestrator = await compose(settingsWith(dataDir, options.settings), {
    logger,
    functions,
    database: keepDatabase ? { ...database, close: () => Promise.resolve() } : database,
    ...(clock ? { clock } : {}),
    ...(options.collectors ? { collectors: options.collectors } : {}),
  });
  let requests = 0;
  const execute = (name: string, input: JsonObject, principal: Principal, idempotencyKey?: string) => {
    const useCase = catalogue.find((one) => one.name === name);
    if (!useCase) throw new Error(`No use-case is called ${name}.`);
    const requestId = `test-${process.pid}-${(requests += 1)}`;
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    return orchestrator.execute(useCase, { principal, door: 'rest', requestId, ...key }, input);
  };
  const call: Engine['call'] = async (name, input, principal = olga, key) => {
    const answer = await execute(name, input, principal, key);
    if (!answer.ok) throw new Error(`${name} was refused: ${answer.problem.code}: ${answer.problem.message}`);
    return answer.output as Output;
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= orchestrator.stop().then(() => rm(dataDir, { recursive: true, force: true })));
  const show: Engine['show'] = (clientId) => call('journey.show', { client_id: clientId });
  return {
    orchestrator,
    call,
    refused: async (name, input, principal = olga, key) => {
      const answer = await execute(name, input, principal, key);
      if (answer.ok) throw new Error(`${name} was not refused: ${JSON.stringify(answer.output)}`);
      return answer.problem;
    },
    show,
    until: (clientId, looksSo, within_ms) => eventually(() => show(clientId), looksSo, within_ms),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Only a failure waits for so long: nothing may depend on how fast the machine is. */
const WITHIN_MS = 120_000;

/** Asks again and again, as fast as the answers come, until one fits; machine time bounds it. */
export async function eventually<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  within_ms = WITHIN_MS,
): Promise<T> {
  const until = performance.now() + within_ms;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > until)
      throw new Error(`Not within ${within_ms} ms; it is: ${JSON.stringify(answer, null, 1)}`);
    await pause(2);
  }
}

export const startInput = (clientId: string, inputs: { readonly [name: string]: Json } = {}): JsonObject => ({
  client_id: clientId,
  data_sources: ['jira', 'slack'],
  inputs: { pilot_cohort_size: 20, users: ['ann', 'ben'], ...inputs },
});
