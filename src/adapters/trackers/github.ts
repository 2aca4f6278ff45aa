import { z } from 'zod';
import type { Instant } from '#core/time.ts';
import type { Ask } from './ask-tracker.ts';
import { MOST_PAGES, severityOf, type FoundBug, type FoundBugs, type SeverityWords, type Tracker } from './tracker.ts';
import { instantIn, understood } from './understood.ts';

export type GitHubOptions = {
  readonly ask: Ask;
  /** `owner/name` */
  readonly repositories: readonly string[];
  /** Labels that an issue bears if it is a bug: all of them. */
  readonly labels: readonly string[];
  readonly severity: SeverityWords;
};

const title = 'GitHub';
const PER_PAGE = 100;
/** Pages whose answer is kept, so that what has not changed costs nothing of the rate limit. */
const MOST_KEPT = 200;

const issues = z.array(
  z.object({
    number: z.int(),
    created_at: z.string(),
    closed_at: z.string().nullable(),
    labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])),
    pull_request: z.unknown().optional(),
  }),
);
type Issues = z.output<typeof issues>;

/** Issues of repositories, by labels. The list of a repository serves all clients of a call. */
export function gitHub({ ask, repositories, labels, severity }: GitHubOptions): Tracker {
  const kept = new Map<string, { readonly etag: string; readonly found: Issues }>();

  return {
    name: 'github',
    title,
    bugs: async (_clientNames, since, signal) => {
      const lists = await Promise.all(repositories.map((repository) => bugsIn(repository, since, signal)));
      return { bugs: lists.flatMap(({ bugs }) => bugs), complete: lists.every(({ complete }) => complete) };
    },
    known: async (clientNames, signal) => {
      const found: string[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other, and names that are new are few.
      for (const name of clientNames) if (await isLabel(name, signal)) found.push(name);
      return found;
    },
  };

  async function bugsIn(repository: string, since: Instant, signal: AbortSignal): Promise<FoundBugs> {
    const open = await list(repository, { state: 'open' }, signal);
    const closed = await list(repository, { state: 'closed', since: new Date(since).toISOString() }, signal);
    const bugs = [...open.found, ...closed.found]
      // Pull requests are issues, too.
      .filter(({ pull_request }) => pull_request === undefined)
      .map((issue): FoundBug => {
        const names = issue.labels.map((label) => (typeof label === 'string' ? label : (label.name ?? '')));
        return {
          id: `${repository}#${issue.number}`,
          names,
          severity: severityOf(names, severity),
          openedAt: instantIn(title, issue.created_at),
          closedAt: issue.closed_at === null ? null : instantIn(title, issue.closed_at),
        };
      });
    return { bugs, complete: open.complete && closed.complete };
  }

  async function list(
    repository: string,
    which: { readonly state: string; readonly since?: string },
    signal: AbortSignal,
  ): Promise<{ readonly found: Issues; readonly complete: boolean }> {
    const found: Issues = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = new URLSearchParams({
        labels: labels.join(','),
        sort: 'created',
        direction: 'asc',
        per_page: String(PER_PAGE),
        ...which,
        page: String(page),
      });
      // oxlint-disable-next-line no-await-in-loop -- whether there is another page is known only from this one.
      const here = await pageOf(`/repos/${repository}/issues?${query.toString()}`, signal);
      found.push(...here);
      if (here.length < PER_PAGE) return { found, complete: true };
    }
    return { found, complete: false };
  }

  async function pageOf(path: string, signal: AbortSignal): Promise<Issues> {
    const before = kept.get(path);
    const { status, etag, body } = await ask({ path, etag: before?.etag }, signal);
    if (status === 304 && before) return before.found;
    const found = understood(title, issues, body);
    if (kept.size >= MOST_KEPT) kept.clear();
    if (etag !== null) kept.set(path, { etag, found });
    return found;
  }

  async function isLabel(name: string, signal: AbortSignal): Promise<boolean> {
    for (const repository of repositories) {
      const path = `/repos/${repository}/labels/${encodeURIComponent(name)}`;
      // oxlint-disable-next-line no-await-in-loop -- the first that knows it is enough.
      const { status } = await ask({ path, mayBeMissing: true }, signal);
      if (status !== 404) return true;
    }
    return false;
  }
}
