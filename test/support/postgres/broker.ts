import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TestProject } from 'vitest/node';

import { startTestServer, type TestServer } from './test-server.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only an interface can be merged into vitest's own.
  export interface ProvidedContext {
    /** Answers with the URL of the run's PostgreSQL server. */
    readonly postgresBroker: string;
  }
}

const broker = createServer((_request, response) => {
  url().then(
    (answer) => response.writeHead(200).end(answer),
    (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
  );
});
let starting: Promise<TestServer> | undefined;

async function url(): Promise<string> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') return given;
  starting ??= startTestServer({ durability: 'none' });
  return (await starting).url;
}

/**
 * vitest's global setup. The one server of a run is started when the first test asks for it, so that a run of unit tests
 * alone starts none; it is stopped with the run. Workers cannot call this process, hence the HTTP.
 */
export async function setup(project: TestProject): Promise<void> {
  await new Promise<void>((resolve) => {
    broker.listen(0, '127.0.0.1', resolve);
  });
  project.provide('postgresBroker', `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);
}

export async function teardown(): Promise<void> {
  broker.close();
  broker.closeAllConnections();
  const server = await starting?.catch(() => undefined);
  await server?.remove();
}
