import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openServer } from '#adapters/postgres/server.ts';
import { variables } from '#settings/variables.ts';
import { eventually } from '#test/support/engine/orchestrator.ts';
import { freshDatabase, serverUrl, type FreshDatabase } from '#test/support/postgres/fresh.ts';
import { startProduct, tryToStart, type Product } from '#test/support/product/product.ts';

/** Each says where it comes from, so that one that gets out is found by its name. */
const canary = (of: string): string => `canary-${of}-7f3a9c1e5b2d`;
const ROLE = 'journey_canary';

describe('I18: no secret gets out', { timeout: 240_000 }, () => {
  let at: FreshDatabase;
  let echo: Server;
  let port: number;

  beforeEach(async () => {
    at = await freshDatabase();
    await asSuperuser(
      `drop role if exists ${ROLE}`,
      `create role ${ROLE} superuser login password '${canary('database')}'`,
    );
    // Everybody else's fault: whoever is called says in the answer what it was sent.
    echo = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const said = JSON.stringify({
          url: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        });
        response.writeHead(500, { 'content-type': 'application/json' }).end(`${canary('crm-secret')} ${said}`);
      });
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterEach(async () => {
    echo.closeAllConnections();
    await new Promise((resolve) => echo.close(resolve));
    await at.drop();
    await asSuperuser(`drop role if exists ${ROLE}`);
  });

  const environment = (): Readonly<Record<string, string>> => {
    const { hostname, port: databasePort, pathname } = new URL(at.url);
    const elsewhere = `http://127.0.0.1:${port}`;
    return {
      // Every secret that there is, also one that was added since.
      ...Object.fromEntries(
        variables
          .filter(({ secret, usedBy }) => secret && usedBy === 'server')
          .map(({ name }) => [name, canary(name.toLowerCase().replaceAll('_', '-'))]),
      ),
      JOURNEY_AGENT_TOKENS: `${elsewhere}=${canary('agent-token')}`,
      GLEAN_API_ENDPOINT: elsewhere,
      NOTIFICATION_SERVICE_URL: elsewhere,
      JOURNEY_STATE_STORE: 'postgresql',
      JOURNEY_STATE_DB_HOST: hostname,
      JOURNEY_STATE_DB_PORT: databasePort,
      JOURNEY_STATE_DB_NAME: pathname.slice(1),
      JOURNEY_STATE_DB_SSLMODE: 'disable',
      JOURNEY_STATE_DB_USER: ROLE,
      JOURNEY_STATE_DB_PASSWORD: canary('database'),
      JOURNEY_BOOTSTRAP_TOKEN: canary('bootstrap-token'),
      JOURNEY_HTTP_HOST: '127.0.0.1',
      JOURNEY_LOG_LEVEL: 'debug',
      JOURNEY_OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8',
      CRM_WEBHOOK_ENABLED: 'true',
      CRM_WEBHOOK_URL: `${elsewhere}/hooks/${canary('crm-path')}`,
      CRM_WEBHOOK_SECRET: `${canary('crm-secret')},whsec_${Buffer.from(canary('crm-old-secret')).toString('base64')}`,
      SLACK_BOT_TOKEN: `xoxb-${canary('slack-bot')}`,
      SLACK_SIGNING_SECRET: canary('slack-signing'),
      SLACK_CHANNEL: 'C012AB3CD',
      SLACK_API_URL: `${elsewhere}/`,
      JOURNEY_EVENT_STORE: 'kurrentdb',
      JOURNEY_EVENT_STORE_HOST: '127.0.0.1',
      JOURNEY_EVENT_STORE_PORT: String(port),
      JOURNEY_EVENT_STORE_USER: 'journey',
      JOURNEY_EVENT_STORE_PASSWORD: canary('event-store'),
      OTEL_EXPORTER_OTLP_ENDPOINT: elsewhere,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${canary('collector')}`,
      SMTP_URL: `smtp://user:${canary('smtp')}@127.0.0.1:${port}`,
    };
  };

  test('I18: of the settings, over faults of all that is called, in log, metrics, answers and database', async () => {
    await using product = await startProduct(environment());
    const answers: string[] = [];
    const keep = async (asked: Promise<{ status: number; body: unknown }>): Promise<void> =>
      void answers.push(JSON.stringify(await asked));
    const start = { client_id: 'acme', data_sources: ['jira'] };
    await keep(product.post('/api/v1/journeys', start));
    await keep(product.post('/api/v1/journeys', { ...start, [canary('request-key')]: 1 }));
    await keep(product.get('/api/v1/config?origin=true'));
    await keep(product.get('/api/v1/slack/check'));
    // A stranger's token is a secret as well, and so is one in the address.
    const stranger = await fetch(`${product.url}/api/v1/journeys?token=${canary('query')}`, {
      headers: { authorization: `Bearer ${canary('stranger')}`, cookie: `session=${canary('cookie')}` },
    });
    answers.push(await stranger.text());
    // The database says no in its own words while a statement is under way.
    await at.database.query('alter table journey_states rename column inputs to something_else');
    await keep(product.post('/api/v1/journeys', { ...start, client_id: 'beta' }));
    await at.database.query('alter table journey_states rename column something_else to inputs');
    await faults(product);
    await keep(product.get('/api/v1/deliveries'));
    await keep(product.get('/api/v1/verify'));
    await keep(product.get('/ready'));
    answers.push(await (await fetch(`${product.url}/metrics`)).text());
    await product.stop();

    const log = product.log.map((line) => JSON.stringify(line)).join('\n');
    expect(log).toContain('The event store');
    expect(secretsIn(log)).toEqual([]);
    // Whoever sent a wrong key is told which one it was.
    expect(secretsIn(answers.join('\n'))).toEqual(['canary-request-key-7f3a9c1e5b2d']);
    expect(secretsIn(await everythingIn(at))).toEqual([]);
  });

  test.each([
    ['S7', { JOURNEY_STATE_DB_PORT: '1' }, 'PostgreSQL at'],
    ['S10', { JOURNEY_STATE_DB_PASSWORD: canary('wrong-password') }, 'PostgreSQL at'],
    ['S10', { JOURNEY_STATE_DB_SSLMODE: 'verify-full' }, 'PostgreSQL at'],
    ['S39', { CRM_WEBHOOK_URL: `http://user:${canary('crm-user')}@10.0.0.1/${canary('crm-path')}` }, 'CRM_WEBHOOK_URL'],
    ['S40', { CRM_WEBHOOK_SECRET: `short,${canary('crm-secret')}` }, 'CRM_WEBHOOK_SECRET'],
    ['S21', { JOURNEY_HTTP_PORT: canary('port').slice(0, 3), SLACK_BOT_TOKEN: '' }, 'JOURNEY_HTTP_PORT'],
  ])('%s: a start that fails over %j says why, and no secret', async (_id, wrong, says) => {
    const outcome = await tryToStart({ ...environment(), ...wrong });
    expect(outcome).toHaveProperty('err');
    const { err } = outcome as { readonly err: string };
    expect(err).toContain('journey-orchestrator did not start');
    expect(err).toContain(says);
    expect(secretsIn(err)).toEqual([]);
  });
});

const secretsIn = (text: string): readonly string[] => [...new Set(text.match(/canary-[a-z-]+-7f3a9c1e5b2d/g))];

/** Until everybody who is called has failed at least once, and the log says so. */
const faults = (product: Product): Promise<unknown> =>
  eventually(
    () => Promise.resolve(product.log.map((line) => JSON.stringify(line)).join('\n')),
    (log) => log.includes('could not be copied') && /slack/i.test(log),
    90_000,
  );

async function asSuperuser(...statements: readonly string[]): Promise<void> {
  const database = await openServer({ server: await serverUrl(), poolMax: 1 });
  for (const statement of statements) await database.query(statement);
  await database.close();
}

async function everythingIn({ database }: FreshDatabase): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => database.query<{ row: string }>(`select t::text as row from ${name} as t`)),
  );
  expect(rows.flat().length).toBeGreaterThan(10);
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}
