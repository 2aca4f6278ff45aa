import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sleep, systemClock } from '#adapters/clock.ts';
import { pinoLogger } from '#adapters/logger.ts';
import { openServer } from '#adapters/postgres/server.ts';
import { catalogue } from '#application/catalogue.ts';
import { serve } from '#http/serve.ts';
import { loadSettings } from '#settings/load-settings.ts';
import { compose } from '#src/composition/compose.ts';
import { openDoors } from '#src/composition/doors.ts';

// The product as `npm start` makes it, on a database that it is told; says its CPU time whenever it gets a line.
const [url = '', dataDir = ''] = process.argv.slice(2);
const loaded = loadSettings({ env: { JOURNEY_DATA_DIR: dataDir } });
const settings = {
  ...loaded,
  store: { ...loaded.store, kind: 'postgresql' as const },
  mcp: { ...loaded.mcp, callsPerSecond: 100_000 },
};
const logger = pinoLogger('warn');
const database = await openServer({ server: url, sslmode: 'disable' });
const orchestrator = await compose(settings, { logger, database });
const doors = await openDoors(orchestrator, settings, { logger, now: systemClock().machine, version: '0' });
const server = await serve({ app: doors.app, host: '127.0.0.1', port: 0, logger, sleep });
const root = { id: 'root', kind: 'user', roles: ['admin'], clients: null, evidenceKinds: [], intents: null } as const;

async function use(name: string, input: object): Promise<unknown> {
  const useCase = catalogue.find((one) => one.name === name);
  if (!useCase) throw new Error(`There is no ${name}.`);
  const answer = await orchestrator.execute(useCase, { principal: root, door: 'rest', requestId: name }, input);
  if (!answer.ok) throw new Error(answer.problem.message);
  return answer.output;
}

const { token } = (await use('token.create', { name: 'bench', kind: 'agent', roles: ['operator'] })) as {
  token: string;
};
await use('journey.start', { client_id: 'acme', data_sources: ['jira'] });
process.stdout.write(`server ${JSON.stringify({ url: server.url, token })}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('line', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`cpu ${(user + system) / 1_000}\n`);
});
await once(lines, 'close');
await doors.close();
await server.close(1_000);
await orchestrator.stop();
