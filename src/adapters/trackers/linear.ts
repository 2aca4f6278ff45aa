import { z } from 'zod';
import type { Json } from '#core/json.ts';
import { isObject } from '#core/json.ts';
import { saidIn, type Ask } from './ask-tracker.ts';
import { MOST_PAGES, severityOf, type FoundBug, type SeverityWords, type Tracker } from './tracker.ts';
import { instantIn, understood } from './understood.ts';

export type LinearOptions = {
  readonly ask: Ask;
  /** Keys of teams, as ENG. */
  readonly teams: readonly string[];
  /** The label that a bug bears. */
  readonly label: string;
  readonly severity: SeverityWords;
};

const title = 'Linear';

/** Values come as variables: nothing of them is ever part of the query. */
const BUGS = `query Bugs($teams: [String!]!, $label: String!, $clients: [String!]!, $since: DateTimeOrDuration!, $after: String) {
  issues(
    first: 50
    after: $after
    includeArchived: true
    filter: {
      team: { key: { in: $teams } }
      and: [
        { labels: { name: { eq: $label } } }
        { labels: { name: { in: $clients } } }
        { or: [{ completedAt: { null: true }, canceledAt: { null: true } }, { updatedAt: { gte: $since } }] }
      ]
    }
  ) {
    nodes { identifier createdAt completedAt canceledAt priorityLabel labels(first: 50) { nodes { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const LABELS = `query Labels($clients: [String!]!) {
  issueLabels(first: 250, filter: { name: { in: $clients } }) { nodes { name } }
}`;

const named = z.object({ nodes: z.array(z.object({ name: z.string() })) });
const bugsAnswer = z.object({
  data: z.object({
    issues: z.object({
      nodes: z.array(
        z.object({
          identifier: z.string(),
          createdAt: z.string(),
          completedAt: z.string().nullish(),
          canceledAt: z.string().nullish(),
          priorityLabel: z.string().nullish(),
          labels: named,
        }),
      ),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
    }),
  }),
});
const labelsAnswer = z.object({ data: z.object({ issueLabels: named }) });
type Bugs = z.output<typeof bugsAnswer>;
type Node = Bugs['data']['issues']['nodes'][number];

/** Issues of teams, over GraphQL. One query serves all clients of a call. */
export function linear({ ask, teams, label, severity }: LinearOptions): Tracker {
  return {
    name: 'linear',
    title,
    bugs: async (clients, since, signal) => {
      const bugs: FoundBug[] = [];
      let after: string | null = null;
      for (let page = 0; page < MOST_PAGES * 2; page += 1) {
        const variables: Json = {
          teams: [...teams],
          label,
          clients: [...clients],
          since: new Date(since).toISOString(),
          after,
        };
        // oxlint-disable-next-line no-await-in-loop -- where the next page begins is said by this one.
        const here: Bugs = understood(title, bugsAnswer, await query(BUGS, variables, signal));
        const { nodes, pageInfo } = here.data.issues;
        bugs.push(...nodes.map(bugOf));
        if (!pageInfo.hasNextPage || !pageInfo.endCursor) return { bugs, complete: true };
        after = pageInfo.endCursor;
      }
      return { bugs, complete: false };
    },
    known: async (clients, signal) => {
      const { data } = understood(title, labelsAnswer, await query(LABELS, { clients: [...clients] }, signal));
      return data.issueLabels.nodes.map(({ name }) => name);
    },
  };

  async function query(text: string, variables: Json, signal: AbortSignal): Promise<Json> {
    const { body } = await ask({ path: '/graphql', body: { query: text, variables } }, signal);
    // GraphQL answers 200 also where it refuses.
    if (isObject(body) && body['errors'] !== undefined) throw new Error(`${title} refuses${saidIn(body)}`);
    return body;
  }

  function bugOf({ identifier, createdAt, completedAt, canceledAt, priorityLabel, labels }: Node): FoundBug {
    const names = labels.nodes.map(({ name }) => name);
    const ended = completedAt ?? canceledAt;
    return {
      id: identifier,
      names,
      severity: severityOf([...names, ...(priorityLabel ? [priorityLabel] : [])], severity),
      openedAt: instantIn(title, createdAt),
      closedAt: ended ? instantIn(title, ended) : null,
    };
  }
}
