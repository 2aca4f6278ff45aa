import { z } from 'zod';
import { DAY } from '#core/time.ts';
import type { Json } from '#core/json.ts';
import type { Ask } from './ask-tracker.ts';
import { MOST_PAGES, severityOf, type FoundBug, type SeverityWords, type Tracker } from './tracker.ts';
import { instantIn, understood } from './understood.ts';

export type JiraOptions = {
  readonly ask: Ask;
  /** Cloud and Data Center have different addresses and page in different ways. */
  readonly kind: 'cloud' | 'data_center';
  readonly projects: readonly string[];
  readonly issueTypes: readonly string[];
  /** Where the client is named: `labels`, or a field of one's own such as `customfield_10042`. */
  readonly clientField: string;
  readonly severity: SeverityWords;
};

const title = 'Jira';
const PER_PAGE = 100;

const issue = z.object({
  key: z.string(),
  fields: z.looseObject({
    created: z.string(),
    updated: z.string(),
    resolutiondate: z.string().nullish(),
    status: z.object({ statusCategory: z.object({ key: z.string() }) }),
    priority: z.object({ name: z.string() }).nullish(),
    labels: z.array(z.string()).nullish(),
  }),
});
const answer = z.object({
  issues: z.array(issue),
  nextPageToken: z.string().nullish(),
  isLast: z.boolean().nullish(),
  total: z.int().nullish(),
});
type Answer = z.output<typeof answer>;

/** Issues of projects, by JQL. One search serves all clients of a call. */
export function jira({ ask, kind, projects, issueTypes, clientField, severity }: JiraOptions): Tracker {
  const inProjects = `project in ${listed(projects)}`;
  const named = (names: readonly string[]): string => `${jqlField(clientField)} in ${listed(names)}`;

  return {
    name: 'jira',
    title,
    bugs: async (clientNames, since, signal) => {
      // JQL reads a day in the time zone of whoever asks: a day earlier is early enough anywhere.
      const day = new Date(since - DAY).toISOString().slice(0, 10);
      const jql = [
        inProjects,
        `issuetype in ${listed(issueTypes)}`,
        named(clientNames),
        `(statusCategory != Done or updated >= "${day}")`,
      ].join(' and ');
      return search(`${jql} order by created asc`, signal);
    },
    known: async (clientNames, signal) => {
      const found: string[] = [];
      for (const name of clientNames) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, and names that are new are few.
        const { issues } = await pageOf(`${inProjects} and ${named([name])}`, { maxResults: 1 }, signal);
        if (issues.length > 0) found.push(name);
      }
      return found;
    },
  };

  async function search(jql: string, signal: AbortSignal): Promise<{ bugs: readonly FoundBug[]; complete: boolean }> {
    const bugs: FoundBug[] = [];
    let next: { readonly [name: string]: Json } | null = {};
    for (let page = 0; page < MOST_PAGES && next; page += 1) {
      // oxlint-disable-next-line no-await-in-loop -- where the next page begins is said by this one.
      const here: Answer = await pageOf(jql, { maxResults: PER_PAGE, ...next }, signal);
      bugs.push(...here.issues.map(bugOf));
      next = afterwards(here, bugs.length);
    }
    return { bugs, complete: next === null };
  }

  function afterwards(
    { nextPageToken, total, issues }: Answer,
    read: number,
  ): { readonly [name: string]: Json } | null {
    if (kind === 'cloud') return nextPageToken ? { nextPageToken } : null;
    return issues.length > 0 && read < (total ?? 0) ? { startAt: read } : null;
  }

  async function pageOf(jql: string, more: { readonly [name: string]: Json }, signal: AbortSignal): Promise<Answer> {
    const fields = ['created', 'updated', 'resolutiondate', 'status', 'priority', 'labels', clientField];
    const path = kind === 'cloud' ? '/rest/api/3/search/jql' : '/rest/api/2/search';
    const { body } = await ask({ path, body: { jql, fields: [...new Set(fields)], ...more } }, signal);
    return understood(title, answer, body);
  }

  function bugOf({ key, fields }: z.output<typeof issue>): FoundBug {
    const { created, updated, resolutiondate, status, priority, labels } = fields;
    const words = [...(labels ?? []), ...(priority ? [priority.name] : [])];
    return {
      id: key,
      names: namesIn(fields[clientField]),
      severity: severityOf(words, severity),
      openedAt: instantIn(title, created),
      // A workflow may end without a resolution; then nothing later is known than when it was last touched.
      closedAt: status.statusCategory.key === 'done' ? instantIn(title, resolutiondate ?? updated) : null,
    };
  }
}

/** A text, a choice with a value, or a list of either. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null && 'value' in value ? namesIn(value.value) : [];
}

const jqlField = (field: string): string => field.replace(/^customfield_(\d+)$/, 'cf[$1]');

/** Values in JQL: quoted, so that none can end its list or mean anything. */
const listed = (values: readonly string[]): string =>
  `(${values.map((value) => `"${value.replaceAll(/[\\"]/g, String.raw`\$&`)}"`).join(', ')})`;
