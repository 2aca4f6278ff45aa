import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { compose } from '#src/composition/compose.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { pinoLogger } from '#adapters/logger.ts';
import type { Destination } from '#application/relay/destination.ts';
import { startJourney } from '#application/use-cases/start-journey.ts';
import type { InProcessAgent } from '#application/ports.ts';
import type { Principal } from '#application/principal.ts';
import { transitionMessages } from '#core/journey/messages.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { artefact, pool, type OpenContender } from './contender.ts';

type Functions = { readonly [intent: string]: InProcessAgent };

export const functions: Functions = {
  provision: ({ clientId }) => Promise.resolve({ environment_id: `env-${clientId}`, status: 'ready', artefact }),
  install_connectors: () => Promise.resolve({ installed_connectors: [{ name: 'jira', status: 'syncing' }], artefact }),
  run_security_scan: () => Promise.resolve({ scan_result: { critical: 0, high: 0 }, vulnerabilities: [], artefact }),
};
const operator: Principal = {
  id: 'bench',
  kind: 'user',
  roles: ['operator'],
  clients: null,
  evidenceKinds: [],
  intents: null,
};
/** Callers that wait for the answer to their start, at once. */
const CALLERS = 1_000;

/** Its messages are recorded; how fast somebody else takes them is not what is measured. */
const told = (name: string): Destination => ({
  name,
  wants: transitionMessages,
  deliver: () => new Promise(() => undefined),
});

export type BenchedEngine = { readonly start: (clientId: string) => Promise<void>; readonly stop: () => Promise<void> };

/** The product itself, through its public use-cases, with events, outbox rows, evidence and leases. */
export async function composeEngine(
  url: string,
  dataDirectory: string,
  options: { readonly functions?: Functions; readonly cron?: string; readonly sources?: readonly string[] } = {},
): Promise<BenchedEngine> {
  const settings = loadSettings({
    env: { JOURNEY_DATA_DIR: dataDirectory },
    configDir: fileURLToPath(new URL('config', import.meta.url)),
  });
  const cron = options.cron ?? settings.polling.cron;
  const orchestrator = await compose(
    { ...settings, polling: { ...settings.polling, cron } },
    {
      logger: pinoLogger('warn'),
      functions: { ...functions, ...options.functions },
      destinations: [told('crm'), told('notification')],
      database: await openServer({ server: url, sslmode: 'disable' }),
    },
  );
  let calls = 0;
  return {
    start: async (clientId) => {
      const answer = await orchestrator.execute(
        startJourney,
        { principal: operator, door: 'rest', requestId: `bench-${(calls += 1)}` },
        { client_id: clientId, data_sources: options.sources ?? ['jira'] },
      );
      if (!answer.ok) throw new Error(`${clientId} was not started: ${answer.problem.message}`);
    },
    stop: orchestrator.stop,
  };
}

export const openEngine: OpenContender = async (url) => {
  const { start, stop } = await composeEngine(url, `${process.env['BENCH_DATA_DIR']}`);
  const sql = postgres(url, { max: 1, onnotice: () => undefined });

  return {
    name: 'engine',
    batch: async (prefix, clientIds) => {
      await pool(clientIds, CALLERS, start);
      for (;;) {
        const [row] =
          await sql`select count(*)::int as done from journey_states where current_stage = 'production' and client_id like ${`${prefix}%`}`;
        if (row?.['done'] === clientIds.length) return;
        await new Promise((resolve) => void setTimeout(resolve, 25));
      }
    },
    lone: async (clientId) => {
      await start(clientId);
      for (;;) {
        const [row] =
          await sql`select 1 as there from journey_states where client_id = ${clientId} and current_stage = 'production'`;
        if (row) return;
        await new Promise((resolve) => void setTimeout(resolve, 2));
      }
    },
    verify: async (total) => {
      const [row] = await sql`select
        (select count(*)::int from journey_states where current_stage = 'production') as done,
        (select coalesce(sum((select count(*) from jsonb_object_keys(results))), 0)::int from unit_of_works) as results,
        (select count(*)::int from stage_transitions where jsonb_array_length(exit_criteria_results) = 4) as transitions,
        (select count(*)::int from journey_events where type = 'task_succeeded') as events,
        (select count(*)::int from outbox) as outbox`;
      const expected = {
        done: total,
        results: 7 * total,
        transitions: 2 * total,
        events: 7 * total,
        outbox: 6 * total,
      };
      return JSON.stringify(row) === JSON.stringify(expected)
        ? 'ok'
        : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(row)}`;
    },
    stop: async () => {
      await sql.end();
      await stop();
    },
  };
};
