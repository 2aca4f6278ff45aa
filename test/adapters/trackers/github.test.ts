import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { askTracker } from '#adapters/trackers/ask-tracker.ts';
import { gitHub } from '#adapters/trackers/github.ts';
import { gitHubDouble, type GitHubDouble } from '#test/support/trackers/github-double.ts';
import { words } from './words.ts';

const never = new AbortController().signal;
const SINCE = Date.parse('2026-02-01T00:00:00Z');

const bug = { labels: ['bug', 'customer', 'client:acme'], created_at: '2026-01-01T09:00:00Z' };
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...bug, number: index + 1 }));

describe('bugs in GitHub', () => {
  let double: GitHubDouble;
  let now = 0;
  beforeAll(async () => {
    double = await gitHubDouble();
  });
  beforeEach(() => {
    double.issues.clear();
    double.labels.clear();
    double.fails = null;
    now += 10_000_000;
  });
  afterAll(() => double[Symbol.asyncDispose]());

  const tracker = (repositories: readonly string[] = ['acme/search'], token = 'ghp_secret') =>
    gitHub({
      ask: askTracker(
        { title: 'GitHub', url: double.url, headers: { authorization: `Bearer ${token}` } },
        { fetchBounded: boundedFetch(1_000_000), now: () => now },
      ),
      repositories,
      labels: ['bug', 'customer'],
      severity: words,
    });

  test('are the issues with all the labels, open or closed since, of all repositories, and no pull requests', async () => {
    double.issues.set('acme/search', [
      { ...bug, number: 1, labels: [...bug.labels, 'P0'] },
      { ...bug, number: 2, closed_at: '2026-02-03T10:00:00Z' },
      { ...bug, number: 3, closed_at: '2026-01-03T10:00:00Z' },
      { ...bug, number: 4, labels: ['bug', 'client:acme'] },
      { ...bug, number: 5, pull_request: {} },
    ]);
    double.issues.set('acme/ui', [{ ...bug, number: 1, labels: [...bug.labels, 'low'] }]);
    const { bugs, complete } = await tracker(['acme/search', 'acme/ui']).bugs(['client:acme'], SINCE, never);
    expect(complete).toBe(true);
    expect(bugs.map(({ id, severity, closedAt }) => [id, severity, closedAt])).toEqual([
      ['acme/search#1', 'critical', null],
      ['acme/search#2', 'high', Date.parse('2026-02-03T10:00:00Z')],
      ['acme/ui#1', 'low', null],
    ]);
    expect(bugs[0]).toMatchObject({ openedAt: Date.parse('2026-01-01T09:00:00Z') });
    expect(bugs[0]?.names).toContain('client:acme');
  });

  test('come in pages, and more than twenty of these are not all', async () => {
    double.issues.set('acme/search', many(250));
    expect((await tracker().bugs([], SINCE, never)).bugs).toHaveLength(250);
    double.issues.set('acme/search', many(2_001));
    expect(await tracker().bugs([], SINCE, never)).toMatchObject({ complete: false });
  });

  test('that have not changed are not sent again', async () => {
    double.issues.set('acme/search', [{ ...bug, number: 1 }]);
    const asking = tracker();
    const first = await asking.bugs([], SINCE, never);
    const before = double.asked.length;
    expect(await asking.bugs([], SINCE, never)).toEqual(first);
    expect(double.asked.slice(before).every(({ headers }) => headers['if-none-match'] !== undefined)).toBe(true);
    double.issues.set('acme/search', []);
    expect((await asking.bugs([], SINCE, never)).bugs).toEqual([]);
  });

  test('a client whose label no repository has is not known', async () => {
    double.issues.set('acme/search', []);
    double.labels.add('client:a b/c');
    expect(await tracker().known(['client:a b/c', 'client:nobody'], never)).toEqual(['client:a b/c']);
  });

  test.each([
    [
      'a token that has ended',
      () => tracker(undefined, 'old').bugs([], SINCE, never),
      'GitHub says 401: Bad credentials',
    ],
    [
      'a repository that is not there',
      () => tracker(['acme/gone']).bugs([], SINCE, never),
      'GitHub says 404: Not Found',
    ],
  ])('%s is said', async (_what, asking, why) => {
    await expect(asking()).rejects.toThrow(why);
  });

  test('answers that are none are said', async () => {
    for (const body of [{ message: 'hello' }, [{ number: 'one' }]]) {
      double.issues.set('acme/search', body as never);
      double.fails = { status: 200, message: 'hello' };
      await expect(tracker().bugs([], SINCE, never)).rejects.toThrow('GitHub answered in a way that is not understood');
    }
  });

  test.each([
    ['its limit is spent', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'in 600 s' }, 600],
    ['it asks to slow down', 403, { 'retry-after': '42' }, 42],
    ['it asks to slow down otherwise', 429, {}, 60],
    ['it asks for a day', 429, { 'retry-after': '86400' }, 3_600],
  ])('while %s nobody asks it', async (_what, status, headers: Record<string, string>, seconds) => {
    double.issues.set('acme/search', []);
    const reset = headers['x-ratelimit-reset'] === undefined ? {} : { 'x-ratelimit-reset': String(now / 1_000 + 600) };
    double.fails = { status, headers: { ...headers, ...reset }, message: 'slow down' };
    const asking = tracker();
    await expect(asking.bugs([], SINCE, never)).rejects.toThrow(
      `GitHub says ${status}: too many requests; it is asked again in ${seconds} s`,
    );
    double.fails = null;
    const before = double.asked.length;
    await expect(asking.bugs([], SINCE, never)).rejects.toThrow(`GitHub has asked to wait for ${seconds} s more`);
    expect(double.asked).toHaveLength(before);
    now += seconds * 1_000;
    expect(await asking.bugs([], SINCE, never)).toMatchObject({ bugs: [] });
  });

  test('that nothing may be read is no request to slow down', async () => {
    double.fails = { status: 403, headers: { 'x-ratelimit-remaining': '4999' }, message: 'Resource not accessible' };
    const asking = tracker();
    await expect(asking.bugs([], SINCE, never)).rejects.toThrow('GitHub says 403: Resource not accessible');
    double.fails = null;
    double.issues.set('acme/search', []);
    expect(await asking.bugs([], SINCE, never)).toMatchObject({ bugs: [] });
  });
});
