import { describe, expect, test } from 'vitest';
import { approval, journey } from './answers.ts';
import { runCli } from './run-cli.ts';
import { ok, problem, serverDouble, type Reply, type Seen } from './server-double.ts';

const withOpen =
  (
    open: readonly unknown[],
    decided: Reply = ok({ ...journey, approval: { ...journey.approval, status: 'granted', decided_by: 'ann' } }),
  ) =>
  ({ method, target }: Seen): Reply => {
    if (method === 'POST') return decided;
    return ok(target.startsWith('/api/v1/approvals') ? { approvals: open } : journey);
  };

const approve = ['approve', '--client-id=client-123'];

describe('approve', () => {
  test('finds the open request of the client, shows it, and decides on what was shown', async () => {
    await using server = await serverDouble(withOpen([approval]));
    const { code, out } = await runCli(server.url, approve);
    expect(code).toBe(0);
    expect(server.lines()).toEqual([
      'GET /api/v1/approvals?client_id=client-123',
      'POST /api/v1/approvals/apr-client-123:1:1/decision {"decision":"approve","digest":"d1g3st"}',
    ]);
    expect(server.seen[1]?.headers['idempotency-key']).toBe('key-1');
    expect(out.indexOf('connectors_syncing=passed, search_quality=passed')).toBeLessThan(out.indexOf('granted by ann'));
  });

  test('keeps to the digest that the caller was shown earlier', async () => {
    await using server = await serverDouble(
      withOpen([approval], problem(409, 'approval.stale', 'It has changed.', 'Look again.')),
    );
    const { code, err } = await runCli(server.url, [...approve, '--digest=older', '--reason=Fine']);
    expect(code).toBe(1);
    expect(server.seen[1]?.body).toEqual({ decision: 'approve', reason: 'Fine', digest: 'older' });
    expect(err).toContain('approval.stale');
  });

  test('with --format=json prints the answer and nothing else', async () => {
    await using server = await serverDouble(withOpen([approval]));
    const { out } = await runCli(server.url, [...approve, '--format=json']);
    expect(JSON.parse(out)).toMatchObject({ client_id: 'client-123', approval: { status: 'granted' } });
  });

  test('where nothing is open says so, with what the journey waits for, and decides nothing', async () => {
    await using server = await serverDouble(withOpen([]));
    const { code, err } = await runCli(server.url, approve);
    expect(code).toBe(1);
    expect(err).toContain('No request for approval of client-123 is open.');
    expect(err).toContain('the precision 0.74 is below 0.8.');
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test('of a client that is not known ends with 4', async () => {
    await using server = await serverDouble(({ target }) =>
      target.startsWith('/api/v1/approvals')
        ? ok({ approvals: [] })
        : problem(404, 'journey.unknown', 'No journey of client-123 is known.'),
    );
    expect((await runCli(server.url, approve)).code).toBe(4);
  });

  test('where several are open asks which, and takes the one that is named', async () => {
    const second = { ...approval, approval_id: 'apr-client-123:1:2', digest: 'second' };
    await using server = await serverDouble(withOpen([approval, second]));
    const unsaid = await runCli(server.url, approve);
    expect(unsaid.code).toBe(2);
    expect(unsaid.err).toContain('apr-client-123:1:1, apr-client-123:1:2');
    expect((await runCli(server.url, [...approve, '--approval-id=apr-client-123:1:2'])).code).toBe(0);
    expect(server.lines().at(-1)).toBe(
      'POST /api/v1/approvals/apr-client-123:1:2/decision {"decision":"approve","digest":"second"}',
    );
  });

  test('leaves a named request that is not open to the server, which knows what became of it', async () => {
    await using server = await serverDouble(withOpen([], problem(409, 'approval.not_open', 'It was decided by bob.')));
    const { code, err } = await runCli(server.url, [...approve, '--approval-id=apr-client-123:1:1']);
    expect(code).toBe(1);
    expect(err).toContain('It was decided by bob.');
  });
});

describe('reject', () => {
  test('gives its reason', async () => {
    await using server = await serverDouble(withOpen([approval]));
    await runCli(server.url, ['reject', '--client-id=client-123', '--reason=Search misses the wiki']);
    expect(server.seen[1]?.body).toEqual({ decision: 'reject', reason: 'Search misses the wiki', digest: 'd1g3st' });
  });

  test('without a reason is wrong usage', async () => {
    await using server = await serverDouble(withOpen([approval]));
    const { code, err } = await runCli(server.url, ['reject', '--client-id=client-123']);
    expect({ code, sent: server.seen.length }).toEqual({ code: 2, sent: 0 });
    expect(err).toContain('--reason is not given.');
  });
});
