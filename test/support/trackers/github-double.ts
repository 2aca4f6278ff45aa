import { httpDouble, json, type HttpDouble } from '#test/support/collecting/http-double.ts';

export type GitHubIssue = {
  readonly number: number;
  readonly labels: readonly string[];
  readonly created_at: string;
  readonly closed_at?: string;
  readonly updated_at?: string;
  readonly pull_request?: object;
};

export type GitHubDouble = Pick<HttpDouble, 'url' | 'asked'> &
  AsyncDisposable & {
    /** By `owner/name`. */
    readonly issues: Map<string, readonly GitHubIssue[]>;
    readonly labels: Set<string>;
    /** Answers so from now on; null: as GitHub would. */
    fails: { readonly status: number; readonly headers?: Record<string, string>; readonly message: string } | null;
  };

/** The part of GitHub that lists issues by label, state and time, in pages with ETags. */
export async function gitHubDouble(): Promise<GitHubDouble> {
  const issues: GitHubDouble['issues'] = new Map();
  const labels: GitHubDouble['labels'] = new Set();
  const http = await httpDouble(({ path, headers }, response) => {
    const { fails } = double;
    if (headers.authorization !== 'Bearer ghp_secret') return json(response, 401, { message: 'Bad credentials' });
    if (fails) {
      for (const [name, value] of Object.entries(fails.headers ?? {})) response.setHeader(name, value);
      return json(response, fails.status, { message: fails.message });
    }
    const { pathname, searchParams } = new URL(path, 'http://double');
    const [, , owner, name, what, label = ''] = pathname.split('/');
    const repository = `${owner}/${name}`;
    if (what === 'labels') return json(response, labels.has(decodeURIComponent(label)) ? 200 : 404, { name: label });
    const known = issues.get(repository);
    if (!known) return json(response, 404, { message: 'Not Found' });
    const text = JSON.stringify(pageOf(known, searchParams));
    const etag = `"${text.length}-${text.slice(-40).replaceAll(/\W/g, '')}"`;
    response.setHeader('etag', etag);
    if (headers['if-none-match'] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  const double: GitHubDouble = Object.assign(http, { issues, labels, fails: null });
  return double;
}

function pageOf(issues: readonly GitHubIssue[], asked: URLSearchParams): readonly object[] {
  const wanted = (asked.get('labels') ?? '').split(',');
  const [size, page] = [Number(asked.get('per_page')), Number(asked.get('page'))];
  const since = asked.get('since') ?? '';
  return issues
    .filter((issue) => wanted.every((label) => issue.labels.includes(label)))
    .filter(({ closed_at }) => (closed_at === undefined) === (asked.get('state') === 'open'))
    .filter(({ created_at, closed_at, updated_at }) => (updated_at ?? closed_at ?? created_at) >= since)
    .slice((page - 1) * size, page * size)
    .map(({ labels, closed_at = null, ...issue }) => ({
      ...issue,
      closed_at,
      labels: labels.map((name) => ({ name })),
    }));
}
