import { expect, test } from 'vitest';
import { history, listed } from './answers.ts';
import { runCli } from './run-cli.ts';
import { ok, serverDouble } from './server-double.ts';

const row = (client_id: string) => ({ ...listed, client_id });

test('S141: history reads every page and answers as one', async () => {
  const pages = [history([1, 2], 2), history([3, 4], 4), history([5], null)];
  await using server = await serverDouble((_seen, index) => ok(pages[index]));
  const { out } = await runCli(server.url, ['history', '--client-id=client-123', '--format=json']);
  expect(JSON.parse(out)).toEqual(history([1, 2, 3, 4, 5], null));
  expect(server.lines()).toEqual([
    'GET /api/v1/journeys/client-123/history',
    'GET /api/v1/journeys/client-123/history?after=2',
    'GET /api/v1/journeys/client-123/history?after=4',
  ]);
});

test('history stops at --limit, over as many pages as that takes, and says how to go on', async () => {
  const pages = [history([8, 9], 9), history([10], 10)];
  await using server = await serverDouble((_seen, index) => ok(pages[index]));
  const { out } = await runCli(server.url, ['history', '--client-id=client-123', '--after=7', '--limit=3']);
  expect(server.lines()).toEqual([
    'GET /api/v1/journeys/client-123/history?after=7&limit=3',
    'GET /api/v1/journeys/client-123/history?after=9&limit=1',
  ]);
  expect(out).toContain('There are more: --after=10.');
});

const page = (from: number, count: number, next_cursor: string | null) => ({
  journeys: Array.from({ length: count }, (_, index) => row(`c${from + index}`)),
  next_cursor,
});

test('list takes one page unless --limit asks for more than a page holds', async () => {
  await using one = await serverDouble(() => ok(page(0, 50, 'c49')));
  const { out } = await runCli(one.url, ['list']);
  expect(one.lines()).toEqual(['GET /api/v1/journeys']);
  expect(out).toContain('There are more: --cursor=c49');

  await using many = await serverDouble((_seen, index) =>
    ok(index === 0 ? page(0, 200, 'c199') : page(200, 50, 'c249')),
  );
  const { out: json } = await runCli(many.url, ['list', '--limit=250', '--format=json']);
  expect(many.lines()).toEqual(['GET /api/v1/journeys?limit=200', 'GET /api/v1/journeys?limit=50&cursor=c199']);
  expect((JSON.parse(json) as { journeys: unknown[] }).journeys.length).toBe(250);
});

test('a server that names the same place for ever is not asked for ever', async () => {
  await using server = await serverDouble(() => ok(history([1], 1)));
  await runCli(server.url, ['history', '--client-id=client-123']);
  expect(server.seen.length).toBe(2);
});
