import { describe, expect, test } from 'vitest';
import { runCli } from './run-cli.ts';
import { ok, problem, serverDouble } from './server-double.ts';
import { journey } from './answers.ts';

const status = ['status', '--client-id=client-9'];

const agents = (healthy: number) => ({
  intent: 'x',
  route: 'a2a',
  healthy,
  breakers: [],
  sources: [],
  agents: [
    {
      agent_id: 'a',
      name: 'A',
      url: 'http://a',
      healthy: healthy > 0,
      last_seen: null,
      problem: healthy > 0 ? null : 'refused',
    },
  ],
});

const verified = (bad: boolean) =>
  serverDouble(({ target }) => {
    const isLast = target.includes('after=acme');
    const found = [{ invariant: 'I9', holds: 'the tables are what the events say', message: 'stage is pilot' }];
    return ok({
      clients: [{ client_id: isLast ? 'bolt' : 'acme', version: 3, violations: bad && isLast ? found : [] }],
      whole: [],
      next_after: isLast ? null : 'acme',
    });
  });

describe('exit codes', () => {
  test('0: done', async () => {
    await using server = await serverDouble(() => ok(journey));
    expect((await runCli(server.url, status)).code).toBe(0);
  });

  test('1: a refusal says message, code, hint and request id on stderr, and nothing on stdout', async () => {
    await using server = await serverDouble(() =>
      problem(409, 'stage.first', 'sandbox is the first stage.', 'There is nothing before it.'),
    );
    const { code, out, err } = await runCli(server.url, ['rollback', '--client-id=c', '--reason=r', '--format=json']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'error: sandbox is the first stage. (stage.first)\nhint: There is nothing before it.\nrequest: req-7\n',
    );
  });

  test('4: what is not found', async () => {
    await using server = await serverDouble(() => problem(404, 'journey.unknown', 'No journey of client-9 is known.'));
    const { code, err } = await runCli(server.url, status);
    expect(code).toBe(4);
    expect(err).toContain('No journey of client-9 is known. (journey.unknown)');
  });

  test('3: nobody listens; the message names the URL and the way out', async () => {
    const gone = await serverDouble(() => ok({}));
    await gone[Symbol.asyncDispose]();
    const { code, out, err } = await runCli(gone.url, status);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toBe(
      `error: Nothing answers at ${gone.url}/: connection refused.\nhint: Start the server with \`npm start\`, or name another with --server or JOURNEY_API_URL.\n`,
    );
  });

  test('3: no answer within the time that was given', async () => {
    const limit = new AbortController();
    await using server = await serverDouble(() => ({
      silent: () => limit.abort(new DOMException('late', 'TimeoutError')),
    }));
    const asked: number[] = [];
    const { code, err } = await runCli(server.url, [...status, '--timeout=2.5'], {
      deadline: (limit_ms) => (asked.push(limit_ms), limit.signal),
    });
    expect({ code, asked }).toEqual({ code: 3, asked: [2500] });
    expect(err).toContain('no complete answer came within 2.5 s');
  });

  for (const [title, reply] of [
    ['a gateway’s page', { status: 502, body: '<html>Bad gateway</html>' }],
    ['another program’s 404', { status: 404, body: '{"message":"no route"}' }],
    ['a success that is not JSON', { status: 200, body: 'hello' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'https://login.example.com/' } }],
  ] as const)
    test(`3: ${title} is not the API`, async () => {
      await using server = await serverDouble(() => reply);
      const { code, out, err } = await runCli(server.url, status);
      expect({ code, out, requests: server.seen.length }).toEqual({ code: 3, out: '', requests: 1 });
      expect(err).toContain(`${server.url}/ answered ${reply.status}`);
    });

  test('S150: check-agents ends with 0 only if an agent is healthy', async () => {
    await using well = await serverDouble(() => ok(agents(1)));
    await using ill = await serverDouble(() => ok(agents(0)));
    await using none = await serverDouble(() =>
      ok({ intent: 'x', route: null, healthy: 0, breakers: [], agents: [], sources: [] }),
    );
    const outcomes = await Promise.all([well, ill, none].map(({ url }) => runCli(url, ['check-agents', '--intent=x'])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 1, 1]);
    expect(outcomes[1]?.out).toContain('refused');
  });

  test('verify ends with 0 only if no invariant is violated, reads all pages, and names what is', async () => {
    await using well = await verified(false);
    await using ill = await verified(true);
    const [fine, broken] = [await runCli(well.url, ['verify']), await runCli(ill.url, ['verify'])];
    expect([fine.code, fine.out]).toEqual([0, '2 clients verified: every invariant holds.\n']);
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/bolt +I9 +stage is pilot/);
  });
});

const keys = (seen: readonly { readonly headers: NodeJS.Dict<string | string[]> }[]) =>
  seen.map(({ headers }) => headers['idempotency-key']);

describe('writes', () => {
  const rollback = ['rollback', '--client-id=c', '--reason=r'];

  test('carry a random idempotency key, and reads carry none', async () => {
    await using server = await serverDouble(() => ok(journey));
    await runCli(server.url, rollback);
    await runCli(server.url, status);
    expect(keys(server.seen)).toEqual(['key-1', undefined]);
  });

  test('take a key of one’s own', async () => {
    await using server = await serverDouble(() => ok(journey));
    await runCli(server.url, [...rollback, '--idempotency-key=mine']);
    expect(keys(server.seen)).toEqual(['mine']);
  });

  test('are sent once more under the same key when the connection breaks after sending', async () => {
    await using server = await serverDouble((_seen, index) => (index === 0 ? { broken: true } : ok(journey)));
    const { code } = await runCli(server.url, rollback);
    expect({ code, keys: keys(server.seen) }).toEqual({ code: 0, keys: ['key-1', 'key-1'] });
    expect(server.seen[0]?.body).toEqual(server.seen[1]?.body);
  });

  test('are not sent a third time; the key to repeat them with is named', async () => {
    await using server = await serverDouble(() => ({ broken: true }));
    const { code, err } = await runCli(server.url, rollback);
    expect({ code, sent: server.seen.length }).toEqual({ code: 3, sent: 2 });
    expect(err).toContain('whether it was done is not known');
    expect(err).toContain('--idempotency-key=key-1');
  });

  test('are not repeated after a refusal', async () => {
    await using server = await serverDouble(() => problem(503, 'store.unavailable', 'The database did not answer.'));
    expect((await runCli(server.url, rollback)).code).toBe(1);
    expect(server.seen.length).toBe(1);
  });
});
