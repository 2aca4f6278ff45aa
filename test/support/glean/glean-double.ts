import type { ServerResponse } from 'node:http';
import { httpDouble, json, type Asked, type HttpDouble } from '../collecting/http-double.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- compared with expectations, never built upon.
type Body = any;

export type GleanState = {
  /** What each token may be used for. */
  readonly tokens: Map<string, ReadonlySet<string>>;
  /** Answers every request with this status while it is set. */
  down: number | null;
  /** Results by query: ids of documents, the best first. */
  readonly results: Map<string, readonly string[]>;
  /** When something of a datasource was last indexed. */
  readonly lastIndexed: Map<string, string>;
  /** By datasource instance. */
  readonly credentials: Map<string, string>;
  /** Datasources that are pushed: what their status says. */
  readonly pushed: Map<string, object>;
  /** Insights by department, for a window that begins so many days ago. */
  readonly insights: Map<string, (from_days: number) => object>;
  /** Custom datasources by name, with their documents by id as Glean keeps them: without regard to capitals. */
  readonly datasources: Map<string, { readonly config: Body; readonly documents: Map<string, Body> }>;
};

export type GleanDouble = HttpDouble & { readonly state: GleanState; readonly searches: () => readonly string[] };

export const TOKEN = 'service-account-token';
export const INDEXING_TOKEN = 'indexing-token';

/** A Glean that keeps what is pushed to it, and checks tokens and their scopes as Glean does. */
export async function gleanDouble(): Promise<GleanDouble> {
  const state: GleanState = {
    tokens: new Map([
      [TOKEN, new Set(['SEARCH', 'INSIGHTS', 'DATASOURCES'])],
      [INDEXING_TOKEN, new Set(['INDEXING'])],
    ]),
    down: null,
    results: new Map(),
    lastIndexed: new Map(),
    credentials: new Map(),
    pushed: new Map(),
    insights: new Map(),
    datasources: new Map(),
  };
  const double = await httpDouble((asked, response) => answer(state, asked, response));
  const searches = () =>
    double.asked.flatMap(({ path, body }) =>
      path.startsWith('/rest/api/v1/search') ? [JSON.parse(body).query as string] : [],
    );
  return { ...double, state, searches, [Symbol.asyncDispose]: double[Symbol.asyncDispose] };
}

function answer(state: GleanState, { path, headers, body }: Asked, response: ServerResponse): void {
  if (state.down !== null) return json(response, state.down, { message: 'not now' });
  const scopes = state.tokens.get(headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (!scopes) return json(response, 401, { message: 'Not allowed: invalid token' });
  const route = routes.find(({ at }) => at.test(path));
  if (!route) return json(response, 404, { message: `no such path: ${path}` });
  if (!scopes.has(route.scope)) return json(response, 403, { message: `the token lacks the scope ${route.scope}` });
  route.serve(state, body === '' ? {} : JSON.parse(body), response, decodeURIComponent(route.at.exec(path)?.[1] ?? ''));
}

type Route = {
  readonly at: RegExp;
  readonly scope: string;
  readonly serve: (state: GleanState, body: Body, response: ServerResponse, name: string) => void;
};

const empty = (response: ServerResponse): void => void response.writeHead(200).end();

const routes: readonly Route[] = [
  {
    at: /^\/rest\/api\/v1\/search(\?|$)/,
    scope: 'SEARCH',
    serve: ({ results, lastIndexed }, { query, pageSize, requestOptions }, response) => {
      const [datasource] = (requestOptions?.datasourcesFilter ?? []) as readonly string[];
      const lastIndexedTime = lastIndexed.get(datasource ?? '');
      const found =
        datasource === undefined
          ? (results.get(query) ?? []).map((id) => ({ document: { id }, url: `https://docs.example/${id}` }))
          : lastIndexedTime === undefined
            ? []
            : [
                {
                  document: { id: 'x', metadata: { indexStatus: { lastIndexedTime } } },
                  url: 'https://docs.example/x',
                },
              ];
      json(response, 200, { results: found.slice(0, pageSize) });
    },
  },
  {
    at: /^\/rest\/api\/v1\/datasource\/([^/]+)\/credentialstatus$/,
    scope: 'DATASOURCES',
    serve: ({ credentials }, _body, response, name) => {
      const status = credentials.get(name);
      if (status === undefined) return json(response, 404, { message: `no datasource instance ${name}` });
      json(response, 200, { status });
    },
  },
  {
    at: /^\/rest\/api\/v1\/insights(\?|$)/,
    scope: 'INSIGHTS',
    serve: ({ insights }, { overviewRequest: { departments = [], dayRange } }, response) => {
      const [name] = departments as readonly string[];
      const known = insights.get(name ?? '');
      json(response, 200, {
        overviewResponse: known ? { departments, ...known(dayRange.start.daysFromNow) } : { departments: [] },
      });
    },
  },
  {
    at: /^\/api\/index\/v1\/debug\/([^/]+)\/status$/,
    scope: 'INDEXING',
    serve: ({ pushed }, _body, response, name) => {
      const documents = pushed.get(name);
      if (documents === undefined) return json(response, 400, { message: `unknown datasource ${name}` });
      json(response, 200, { documents });
    },
  },
  {
    at: /^\/api\/index\/v1\/adddatasource$/,
    scope: 'INDEXING',
    serve: ({ datasources }, config, response) => {
      datasources.set(config.name, { config, documents: datasources.get(config.name)?.documents ?? new Map() });
      empty(response);
    },
  },
  {
    at: /^\/api\/index\/v1\/getdatasourceconfig$/,
    scope: 'INDEXING',
    serve: ({ datasources }, { datasource }, response) => {
      const known = datasources.get(datasource);
      if (!known) return json(response, 404, { message: `unknown datasource ${datasource}` });
      json(response, 200, known.config);
    },
  },
  {
    at: /^\/api\/index\/v1\/indexdocuments$/,
    scope: 'INDEXING',
    serve: ({ datasources }, { datasource, documents }, response) => {
      const known = datasources.get(datasource);
      if (!known) return json(response, 400, { message: `unknown datasource ${datasource}` });
      for (const document of documents) known.documents.set(document.id.toLowerCase(), document);
      empty(response);
    },
  },
  {
    at: /^\/api\/index\/v1\/deletedocument$/,
    scope: 'INDEXING',
    serve: ({ datasources }, { datasource, id }, response) => {
      if (!datasources.get(datasource)?.documents.delete(id.toLowerCase()))
        return json(response, 404, { message: `no document ${id}` });
      empty(response);
    },
  },
];
