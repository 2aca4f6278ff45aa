import { serve } from '@hono/node-server';
import { expect, test } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { problemOf, type Execute } from '#application/execute.ts';
import type { Caller } from '#application/use-case.ts';
import { httpApp } from '#http/app.ts';
import { approval, journey } from './answers.ts';
import { runCli } from './run-cli.ts';
import { wideEntrance } from '#test/support/http/wide-entrance.ts';

type Executed = { readonly name: string; readonly key: boolean; readonly input: unknown };

/** The real REST door over a use-case that only answers, so that both doors are held to one catalogue. */
async function restDoor(execute: (name: string, call: Caller, input: unknown) => Awaited<ReturnType<Execute>>) {
  const executed: Executed[] = [];
  const app = httpApp({
    execute: (useCase, call, input) => {
      const parsed = useCase.input.safeParse(input);
      executed.push({
        name: useCase.name,
        key: call.idempotencyKey !== undefined,
        input: parsed.success ? parsed.data : parsed.error,
      });
      return Promise.resolve(execute(useCase.name, call, input));
    },
    entrance: wideEntrance((token) =>
      Promise.resolve({ id: token, kind: 'user', roles: ['admin'], clients: null, evidenceKinds: [], intents: null }),
    ),
    catalogue,
    readiness: () => Promise.resolve({ ready: true, checks: {} } as never),
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    ids: { random: () => 'random' },
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    now: () => 0,
    version: '0.0.0',
  });
  const server = await new Promise<ReturnType<typeof serve>>((done) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => done(started));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    executed,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())),
  };
}

const as = { variables: { JOURNEY_API_TOKEN: 'ann' } };

test('what is typed arrives at the use-case through the real REST door', async () => {
  await using rest = await restDoor((name) => ({
    ok: true,
    output: name === 'approval.list' ? { approvals: [approval] } : journey,
  }));
  const lines = [
    ['start', '--client-id=c', '--data-sources=jira,salesforce', '--input=users=ann,'],
    ['validate-exit', '--client-id=c', '--promote'],
    ['retry-tasks', '--work-id=uow-c:1:sandbox_setup'],
    ['list', '--limit=7', '--status=active'],
    ['token', 'revoke', '--token=ci'],
    ['approve', '--client-id=client-123'],
  ];
  // oxlint-disable-next-line no-await-in-loop -- one command line after the other.
  for (const argv of lines) expect(await runCli(rest.url, argv, as)).toMatchObject({ code: 0, err: '' });
  expect(rest.executed).toEqual([
    {
      name: 'journey.start',
      key: true,
      input: { client_id: 'c', data_sources: ['jira', 'salesforce'], inputs: { users: ['ann'] } },
    },
    { name: 'journey.validate_exit', key: true, input: { client_id: 'c', promote: true } },
    { name: 'work.retry', key: true, input: { work_id: 'uow-c:1:sandbox_setup' } },
    { name: 'journey.list', key: false, input: { status: 'active', limit: 7 } },
    { name: 'token.revoke', key: true, input: { token: 'ci' } },
    { name: 'approval.list', key: false, input: { client_id: 'client-123', limit: 50 } },
    {
      name: 'approval.decide',
      key: true,
      input: { approval_id: 'apr-client-123:1:1', decision: 'approve', digest: 'd1g3st' },
    },
  ]);
});

test('the problems of the real REST door become exit codes with their hint and request id', async () => {
  await using rest = await restDoor(() => ({
    ok: false,
    problem: problemOf('journey.unknown', 'No journey of c is known.', 'list shows all.'),
  }));
  const { code, err } = await runCli(rest.url, ['status', '--client-id=c'], as);
  expect(code).toBe(4);
  expect(err).toMatch(
    /^error: No journey of c is known\. \(journey\.unknown\)\nhint: list shows all\.\nrequest: \S+\n$/,
  );
  expect((await runCli(rest.url, ['status', '--client-id=c'])).err).toContain('auth.missing');
});
