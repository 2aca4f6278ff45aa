import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compose } from '#src/composition/compose.ts';
import { openDoors } from '#src/composition/doors.ts';
import type { Clock, Logger } from '#application/ports.ts';
import { serve } from '#http/serve.ts';
import type { Environment } from '#settings/environment.ts';
import { loadSettings } from '#settings/load-settings.ts';
import type { RunningAgent } from './agents.ts';

export type RunningOrchestrator = {
  readonly url: string;
  /** Who starts journeys is not who approves them. */
  readonly tokens: { readonly operator: string; readonly approver: string };
  readonly stop: () => Promise<void>;
};

export type OrchestratorOptions = {
  readonly dataDir: string;
  readonly agents: readonly RunningAgent[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** The variables that make a Slack app; empty: without. */
  readonly slack: Environment;
};

const HOST = '127.0.0.1';
const CLOSE_WITHIN_MS = 2_000;
const configDir = fileURLToPath(new URL('../../config', import.meta.url));

/**
 * The orchestrator as `npm start` composes it, with the guide's own YAML files, on the embedded database. Only what the
 * place demands differs: ports that the system chooses, where the agents are, and a look at the journeys every second,
 * since a minute of machine time is many days of this journey time.
 */
export async function startOrchestrator(options: OrchestratorOptions): Promise<RunningOrchestrator> {
  const { dataDir, agents, clock, logger, slack } = options;
  const settings = loadSettings({
    // Nothing else of the environment: variables that are meant for a real installation must not reach the demo.
    env: slack,
    configDir,
    overrides: { JOURNEY_STATE_STORE: 'embedded', JOURNEY_DATA_DIR: dataDir },
  });
  const known = settings.agents.agents.map((agent) => ({
    ...agent,
    cardUrl: agents.find(({ name }) => name === agent.agentId)?.cardUrl ?? agent.cardUrl,
  }));
  const orchestrator = await compose(
    { ...settings, polling: { cron: '* * * * * *' }, agents: { ...settings.agents, agents: known } },
    { logger, clock },
  );
  try {
    const doors = await openDoors(orchestrator, settings, {
      logger,
      now: () => performance.now(),
      version: settings.version,
    });
    orchestrator.slack?.start();
    const server = await serve({ app: doors.app, host: HOST, port: 0, logger, sleep: clock.sleep });
    return {
      url: server.url,
      tokens: { operator: await token(dataDir, 'admin.token'), approver: await token(dataDir, 'approver.token') },
      stop: async () => {
        await doors.close();
        await server.close(CLOSE_WITHIN_MS);
        await orchestrator.stop();
      },
    };
  } catch (error) {
    await orchestrator.stop();
    throw error;
  }
}

const token = async (dataDir: string, file: string): Promise<string> =>
  (await readFile(join(dataDir, file), 'utf8')).trim();
