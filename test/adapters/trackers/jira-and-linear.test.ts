import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { boundedFetch } from '#adapters/bounded-fetch.ts';
import { askTracker } from '#adapters/trackers/ask-tracker.ts';
import { jira } from '#adapters/trackers/jira.ts';
import { linear } from '#adapters/trackers/linear.ts';
import { httpDouble, type HttpDouble } from '#test/support/collecting/http-double.ts';
import { words } from './words.ts';

const never = new AbortController().signal;
const SINCE = Date.parse('2026-02-02T01:00:00Z');

let double: HttpDouble;
/** What is answered to the questions in their order; the last one again and again. */
let answers: readonly { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }[];
let answered: number;

beforeAll(async () => {
  double = await httpDouble((_asked, response) => {
    const { status = 200, headers = {}, body } = answers[Math.min(answered, answers.length - 1)] ?? { body: null };
    answered += 1;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
});
beforeEach(() => {
  answers = [];
  answered = 0;
});
afterAll(() => double[Symbol.asyncDispose]());

const askAt = (title: string) =>
  askTracker(
    { title, url: `${double.url}/`, headers: { authorization: 'it-is-us' } },
    { fetchBounded: boundedFetch(1_000_000), now: () => 0 },
  );
// oxlint-disable-next-line typescript/no-explicit-any -- what was asked is compared with expectations, never built upon.
const bodies = (): any[] => double.asked.slice(-answered).map(({ body }) => JSON.parse(body));

const jiraTracker = (more: Partial<Parameters<typeof jira>[0]> = {}) =>
  jira({
    ask: askAt('Jira'),
    kind: 'cloud',
    projects: ['SUP', 'OPS'],
    issueTypes: ['Bug'],
    clientField: 'labels',
    severity: words,
    ...more,
  });
const issue = (key: string, fields: object = {}) => ({
  key,
  fields: {
    created: '2026-01-21T09:00:00.000+0100',
    updated: '2026-02-05T09:00:00.000+0000',
    status: { statusCategory: { key: 'indeterminate' } },
    priority: { name: 'Highest' },
    labels: ['client-acme'],
    ...fields,
  },
});
const done = { status: { statusCategory: { key: 'done' } } };
const named = (value: unknown) => issue('SUP-1', { customfield_10042: value });

describe('bugs in Jira', () => {
  test('are asked for by one search for all clients, from a day before in any time zone', async () => {
    answers = [{ body: { issues: [], isLast: true } }];
    await jiraTracker().bugs(['client-acme', 'client-globex'], SINCE, never);
    expect(double.asked.at(-1)).toMatchObject({ method: 'POST', path: '/rest/api/3/search/jql' });
    expect(bodies()[0].jql).toBe(
      'project in ("SUP", "OPS") and issuetype in ("Bug") and labels in ("client-acme", "client-globex") and (statusCategory != Done or updated >= "2026-02-01") order by created asc',
    );
  });

  test('have their severity from priority or labels, and are closed where their workflow ends', async () => {
    const body = {
      issues: [
        issue('SUP-1'),
        issue('SUP-2', { priority: null, labels: ['client-acme', 'low'] }),
        issue('SUP-3', { priority: { name: 'Whatever' }, ...done, resolutiondate: '2026-02-04T09:00:00.000+0000' }),
        issue('SUP-4', done),
      ],
      isLast: true,
    };
    answers = [{ body }];
    expect(await jiraTracker().bugs(['client-acme'], SINCE, never)).toMatchObject({
      complete: true,
      bugs: [
        {
          id: 'SUP-1',
          names: ['client-acme'],
          severity: 'critical',
          openedAt: Date.parse('2026-01-21T08:00:00Z'),
          closedAt: null,
        },
        { id: 'SUP-2', severity: 'low' },
        { id: 'SUP-3', severity: 'high', closedAt: Date.parse('2026-02-04T09:00:00Z') },
        { id: 'SUP-4', closedAt: Date.parse('2026-02-05T09:00:00Z') },
      ],
    });
  });

  test('of a client that a field of its own names are found by its number, as text, choice or list', async () => {
    answers = [{ body: { issues: ['acme', { value: 'acme' }, [{ value: 'x' }, { value: 'acme' }], null].map(named) } }];
    const { bugs } = await jiraTracker({ clientField: 'customfield_10042' }).bugs(['acme'], SINCE, never);
    expect(bodies()[0].jql).toContain(' and cf[10042] in ("acme") and ');
    expect(bodies()[0].fields).toContain('customfield_10042');
    expect(bugs.map(({ names }) => names)).toEqual([['acme'], ['acme'], ['x', 'acme'], []]);
  });

  test('come in pages: by token from Cloud, by number from a Data Center', async () => {
    answers = [{ body: { issues: [issue('SUP-1')], nextPageToken: 't2' } }, { body: { issues: [issue('SUP-2')] } }];
    expect((await jiraTracker().bugs([], SINCE, never)).bugs).toHaveLength(2);
    expect(bodies().map(({ nextPageToken }) => nextPageToken)).toEqual([undefined, 't2']);
    answered = 0;
    answers = [1, 2, 3].map((n) => ({ body: { issues: [issue(`SUP-${n}`)], total: 3, startAt: n - 1 } }));
    expect(await jiraTracker({ kind: 'data_center' }).bugs([], SINCE, never)).toMatchObject({ complete: true });
    expect(bodies().map(({ startAt }) => startAt)).toEqual([undefined, 1, 2]);
    expect(double.asked.at(-1)?.path).toBe('/rest/api/2/search');
  });

  test('that never end are not all', async () => {
    answers = [{ body: { issues: [issue('SUP-1')], nextPageToken: 'more' } }];
    expect(await jiraTracker().bugs([], SINCE, never)).toMatchObject({ complete: false });
    expect(answered).toBe(20);
  });

  test('of a client that no issue names say nothing', async () => {
    answers = [{ body: { issues: [issue('SUP-9')] } }, { body: { issues: [] } }];
    expect(await jiraTracker().known(['client-acme', 'client-nobody'], never)).toEqual(['client-acme']);
    expect(bodies()[0]).toMatchObject({
      jql: 'project in ("SUP", "OPS") and labels in ("client-acme")',
      maxResults: 1,
    });
  });

  test('no name of a client can end the list that it stands in', async () => {
    answers = [{ body: { issues: [] } }];
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('"', '\\', ')', ' or ', 'a'), maxLength: 12 }),
        async (name) => {
          answered = 0;
          await jiraTracker().known([name], never);
          const [, quoted = ''] = /labels in \((".*")\)$/s.exec(String(bodies()[0].jql)) ?? [];
          expect(/^"(?:[^"\\]|\\.)*"$/s.test(quoted)).toBe(true);
          expect(quoted.slice(1, -1).replaceAll(/\\(.)/gs, '$1')).toBe(name);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('what it says of a search that it does not take is told', async () => {
    answers = [{ status: 400, body: { errorMessages: ["The value 'NOPE' does not exist for the field 'project'."] } }];
    await expect(jiraTracker().bugs([], SINCE, never)).rejects.toThrow(
      "Jira says 400: The value 'NOPE' does not exist for the field 'project'.",
    );
  });
});

const linearTracker = () => linear({ ask: askAt('Linear'), teams: ['ENG'], label: 'Bug', severity: words });
const node = (identifier: string, more: object = {}) => ({
  identifier,
  createdAt: '2026-01-21T09:00:00.000Z',
  completedAt: null,
  canceledAt: null,
  priorityLabel: 'No priority',
  labels: { nodes: [{ name: 'Bug' }, { name: 'client:acme' }] },
  ...more,
});
const page = (nodes: readonly object[], endCursor: string | null = null) => ({
  body: { data: { issues: { nodes, pageInfo: { hasNextPage: endCursor !== null, endCursor } } } },
});

describe('bugs in Linear', () => {
  test('are asked for by one query for all clients, whose values are never part of it', async () => {
    answers = [page([])];
    await linearTracker().bugs(['client:"acme', 'client:globex'], SINCE, never);
    expect(double.asked.at(-1)).toMatchObject({
      method: 'POST',
      path: '/graphql',
      headers: { authorization: 'it-is-us' },
    });
    const [{ query, variables }] = bodies();
    expect(query).not.toContain('acme');
    expect(variables).toEqual({
      teams: ['ENG'],
      label: 'Bug',
      clients: ['client:"acme', 'client:globex'],
      since: '2026-02-02T01:00:00.000Z',
      after: null,
    });
  });

  test('have their severity from labels or priority, and are closed when completed or cancelled', async () => {
    answers = [
      page([node('ENG-1', { priorityLabel: 'Urgent' }), node('ENG-2', { completedAt: '2026-02-03T00:00:00Z' })], 'c2'),
      page([node('ENG-3', { priorityLabel: 'Low', canceledAt: '2026-02-04T00:00:00Z' })]),
    ];
    const { bugs, complete } = await linearTracker().bugs(['client:acme'], SINCE, never);
    expect(complete).toBe(true);
    expect(bugs.map(({ id, severity, closedAt }) => [id, severity, closedAt])).toEqual([
      ['ENG-1', 'critical', null],
      ['ENG-2', 'high', Date.parse('2026-02-03T00:00:00Z')],
      ['ENG-3', 'low', Date.parse('2026-02-04T00:00:00Z')],
    ]);
    expect(bodies().map(({ variables }) => variables.after)).toEqual([null, 'c2']);
  });

  test('of a client whose label there is not say nothing', async () => {
    answers = [{ body: { data: { issueLabels: { nodes: [{ name: 'client:acme' }] } } } }];
    expect(await linearTracker().known(['client:acme', 'client:nobody'], never)).toEqual(['client:acme']);
  });

  test('a query that is refused is said, also where that comes as a success', async () => {
    answers = [{ body: { data: null, errors: [{ message: 'Entity not found: team' }] } }];
    await expect(linearTracker().bugs([], SINCE, never)).rejects.toThrow('Linear refuses: Entity not found: team');
    answers = [{ status: 400, body: { errors: [{ message: 'Authentication required' }] } }];
    await expect(linearTracker().bugs([], SINCE, never)).rejects.toThrow('Linear says 400: Authentication required');
  });

  test('when its limit is spent nobody asks until it says so', async () => {
    answers = [
      {
        status: 400,
        headers: { 'x-ratelimit-requests-remaining': '0', 'x-ratelimit-requests-reset': '90000' },
        body: { errors: [{ message: 'Rate limit exceeded' }] },
      },
    ];
    const asking = linearTracker();
    await expect(asking.bugs([], SINCE, never)).rejects.toThrow('it is asked again in 90 s');
    await expect(asking.known([], never)).rejects.toThrow('Linear has asked to wait for 90 s more');
    expect(answered).toBe(1);
  });
});
