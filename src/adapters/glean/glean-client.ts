import type { Glean } from '@gleanwork/api-client';

export type GleanServer = {
  /** `https://acme-be.glean.com` */
  readonly url: string;
  readonly token: string;
  /** For what is pushed; Glean issues tokens for that of their own. */
  readonly indexingToken: string;
};

/** What Glean answers: also that it refuses this one thing, which says nothing about anything else. */
export type GleanAnswer<T> =
  | { readonly type: 'answered'; readonly value: T }
  /** In a clause. */
  | { readonly type: 'refused'; readonly problem: string };

/** Throws in a clause where Glean could not be asked, or lets nobody in. */
export type AskGlean = <T>(
  part: 'client' | 'indexing',
  ask: (glean: Glean, options: { readonly signal: AbortSignal }) => Promise<T>,
  signal: AbortSignal,
) => Promise<GleanAnswer<T>>;

/** Refusals of one question: it has no such thing, or the token lacks the scope for it. */
const REFUSALS = new Set([400, 403, 404, 422]);

/** Its client is large, so it is loaded when Glean is first asked. */
export function gleanClient(server: GleanServer, fetchBounded: typeof fetch): AskGlean {
  let opened: Promise<{ readonly client: Glean; readonly indexing: Glean }> | undefined;

  async function open() {
    const { Glean: Client, HTTPClient } = await import('@gleanwork/api-client');
    const httpClient = new HTTPClient({ fetcher: fetchBounded });
    const withToken = (apiToken: string) => new Client({ apiToken, serverURL: server.url, httpClient });
    return { client: withToken(server.token), indexing: withToken(server.indexingToken) };
  }

  return async (part, ask, signal) => {
    const glean = (await (opened ??= open()))[part];
    try {
      return { type: 'answered', value: await ask(glean, { signal }) };
    } catch (error) {
      const problem = problemOf(error);
      if (REFUSALS.has(statusOf(error))) return { type: 'refused', problem };
      throw new Error(problem, { cause: error });
    }
  };
}

const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 0;

/** As much of it as somebody would read. */
const LONGEST = 200;

function problemOf(error: unknown): string {
  const status = statusOf(error);
  if (status >= 300) return `Glean says ${status}${bodyOf(error)}`;
  if (status > 0) return `Glean answers ${status} in a shape that its client does not know`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  return `Glean ${said.startsWith('cannot be reached') || said.startsWith('answered') ? said : `could not be asked: ${said}`}`;
}

function bodyOf(error: unknown): string {
  if (!(error instanceof Error) || !('body' in error) || typeof error.body !== 'string') return '';
  const text = error.body.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
  return text === '' || text.startsWith('<') ? '' : `: ${messageIn(text)}`;
}

function messageIn(text: string): string {
  try {
    const { message, error, detail } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return [message, error, detail].find((one) => typeof one === 'string') ?? text;
  } catch {
    return text;
  }
}
