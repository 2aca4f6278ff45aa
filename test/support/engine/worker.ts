/**
 * A replica in a process of its own: the product with functions for agents, on a server or in a data directory.
 * It prints JSON lines: `ready` or `refused`, then `called` for each task that a function begins and `answer` for each
 * line that comes in (a use-case with its input, `verify`, or `release`). It ends with whoever started it.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { catalogue } from '#application/catalogue.ts';
import type { InProcessAgent } from '#application/ports.ts';
import type { JsonObject } from '#core/json.ts';
import { compose } from '#src/composition/compose.ts';
import { openEmbedded } from '#adapters/postgres/embedded.ts';
import { openServer } from '#adapters/postgres/server.ts';
import type { CrmSettings } from '#settings/settings.ts';
import { goodOutputs } from './agents.ts';
import { loopback, olga, openPilotWith, quiet, settingsWith } from './fixtures.ts';
import { verify } from './verify.ts';

export type WorkerOptions = {
  readonly url?: string;
  /** Takes the local tokens and, without a url, the database. */
  readonly dataDirectory: string;
  readonly lease_ms: number;
  /** How long each function takes. */
  readonly task_ms: number;
  readonly poolSize?: number;
  /** In place of a cap that nothing reaches. */
  readonly maxConcurrent?: number;
  /** Where transitions are sent to. */
  readonly crm?: CrmSettings;
  /** From so many begun tasks on functions end nothing before the first `release` is asked for. */
  readonly heldFrom?: number;
  /** No functions: all tasks wait for whoever claims them. */
  readonly pulled?: boolean;
};
type Asked = {
  readonly id: number;
  readonly verify?: true;
  readonly release?: true;
  readonly use_case?: string;
  readonly input?: JsonObject;
};

const options = JSON.parse(process.argv[2] ?? '') as WorkerOptions;
const say = (line: JsonObject): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function run(): Promise<void> {
  const directory = options.dataDirectory;
  const database = options.url
    ? await openServer({ server: options.url })
    : await openEmbedded({ dataDir: directory, startedAt: Date.now() });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let begun = 0;
  const act: InProcessAgent = async ({ intent, input, workId, taskId }) => {
    say({ type: 'called', task: `${workId}/${taskId}` });
    begun += 1;
    if (options.heldFrom !== undefined && begun > options.heldFrom) await released;
    await pause(options.task_ms);
    return goodOutputs[intent]?.(input) ?? {};
  };
  const here = options.pulled === true ? [] : Object.keys(goodOutputs);
  const orchestrator = await compose(
    settingsWith(directory, {
      document: openPilotWith(options.maxConcurrent),
      lease_ms: options.lease_ms,
      workerPoolSize: options.poolSize ?? 10,
      crm: options.crm ?? null,
      outbound: loopback,
    }),
    { logger: quiet, database, functions: Object.fromEntries(here.map((intent) => [intent, act])) },
  );
  say({ type: 'ready', pid: process.pid });

  let requests = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as Asked;
    void answer(asked).then((told) => say({ type: 'answer', id: asked.id, answer: (told ?? null) as JsonObject }));
  }
  await orchestrator.stop();

  async function answer({ verify: verifies, release: releases, use_case, input }: Asked): Promise<unknown> {
    if (releases) return release();
    if (verifies) return verify(database);
    const useCase = catalogue.find(({ name }) => name === use_case);
    if (!useCase) throw new Error(`No use-case is called ${use_case}.`);
    const requestId = `worker-${process.pid}-${(requests += 1)}`;
    return orchestrator.execute(useCase, { principal: olga, door: 'rest', requestId }, input);
  }
}

try {
  await run();
} catch (error) {
  say({ type: 'refused', message: String(error) });
  process.exitCode = 1;
}
