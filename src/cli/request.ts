import type { AnyUseCase } from '#application/use-case.ts';
import { wrongUsage, type Failure } from './failure.ts';

export type Input = Readonly<Record<string, unknown>>;

/** One request, as it goes over the wire. */
export type Request = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Input;
  /** A file as it stands, in place of a body in JSON. */
  readonly document?: string;
};

/** The request of a use-case: path parameters from the input, the rest as query or as JSON body. */
export function requestOf({ name, surface }: AnyUseCase, input: Input): Request | Failure {
  if (!surface.http) throw new Error(`${name} has no route, so no door but its own can reach it.`);
  const [method = 'GET', template = '/'] = surface.http.route.split(' ');
  const inPath = new Set<string>();
  const path: string[] = [];
  for (const segment of template.split('/')) {
    if (!segment.startsWith(':')) {
      path.push(segment);
      continue;
    }
    const parameter = segment.slice(1);
    const value = queryText(input[parameter] ?? '');
    // A URL cannot carry these as one segment, not even encoded: the request would reach another route.
    if (value === '' || value === '.' || value === '..')
      return wrongUsage(`${JSON.stringify(value)} cannot be a ${parameter.replaceAll('_', ' ')}.`);
    inPath.add(parameter);
    path.push(encodeURIComponent(value));
  }
  const rest = Object.entries(input).filter(([key, value]) => !inPath.has(key) && value !== undefined);
  const { document } = surface.http;
  if (document) {
    const asQuery = rest
      .filter(([key]) => key !== document.field)
      .map(([key, value]) => [key, queryText(value)] as const);
    const query = Object.fromEntries(asQuery);
    return { method, path: path.join('/'), query, document: queryText(input[document.field] ?? '') };
  }
  return method === 'POST'
    ? { method, path: path.join('/'), query: {}, body: Object.fromEntries(rest) }
    : { method, path: path.join('/'), query: Object.fromEntries(rest.map(([key, value]) => [key, queryText(value)])) };
}

function queryText(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
