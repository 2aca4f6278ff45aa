import type { HonoRequest } from 'hono';
import { accepted, declined, type Accepted } from './accepted.ts';
import { FORBIDDEN_KEYS } from '#application/fields.ts';
import type { DocumentSurface } from '#application/use-case.ts';
import { documentText, jsonBody } from './body.ts';
import type { HttpLimits } from './limits.ts';
import type { Route } from './routes.ts';

type Fields = Record<string, unknown>;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** The key of a write, if it has one; reads have none. */
export function idempotencyKey(request: HonoRequest, { method }: Route): Accepted<string | undefined> {
  const key = method === 'GET' ? undefined : request.header('idempotency-key');
  return key === undefined || IDEMPOTENCY_KEY.test(key)
    ? accepted(key)
    : declined(
        'input.invalid',
        'The Idempotency-Key must be 1 to 200 visible ASCII characters.',
        'Use something random, as a UUID, and the same one only to repeat the same request.',
      );
}

/** The input of a use-case as a request gives it: not yet checked against the schema, which is the business of execute. */
export async function inputOf(request: HonoRequest, route: Route, limits: HttpLimits): Promise<Accepted<Fields>> {
  if (request.url.includes('%00'))
    return declined('input.invalid', 'The address holds U+0000, which cannot be stored.');
  const fields = await fieldsOf(request, route, limits);
  if (!fields.ok) return fields;
  const input = { ...fields.value };
  for (const name of route.params) {
    const value = request.param(name);
    if (Object.hasOwn(input, name) && input[name] !== value)
      return declined(
        'input.invalid',
        `${name}: the path says ${JSON.stringify(value)}, the ${route.method === 'POST' && !route.surface.document ? 'body' : 'query'} something else.`,
        `Leave ${name} to the path.`,
      );
    input[name] = value;
  }
  return accepted(input);
}

async function fieldsOf(request: HonoRequest, route: Route, limits: HttpLimits): Promise<Accepted<Fields>> {
  const { document } = route.surface;
  if (document) return documentFields(request, route, document);
  return route.method === 'POST' ? bodyFields(request, limits) : bodilessFields(request, route);
}

async function documentFields(
  request: HonoRequest,
  route: Route,
  document: DocumentSurface,
): Promise<Accepted<Fields>> {
  const fields = queryFields(request, route);
  if (!fields.ok) return fields;
  if (Object.hasOwn(fields.value, document.field))
    return declined('input.invalid', `${document.field}: given in the query.`, 'Send it as the body.');
  const text = await documentText(request, document);
  return text.ok ? accepted({ ...fields.value, [document.field]: text.value }) : text;
}

async function bodyFields(request: HonoRequest, limits: HttpLimits): Promise<Accepted<Fields>> {
  // Ignored in silence, ?promote=true would look as if it had been asked for.
  if (queryOf(request).size > 0)
    return declined('input.invalid', 'A POST takes no query parameters.', 'Put the fields into the JSON body.');
  return jsonBody(request, limits);
}

/** A query holds text only; what is neither is left to the schema to refuse. */
const booleanOr = (text: string | undefined): string | boolean | undefined =>
  text === 'true' ? true : text === 'false' ? false : text;

function bodilessFields(request: HonoRequest, route: Route): Accepted<Fields> {
  const length = request.header('content-length');
  if ((length !== undefined && length !== '0') || request.header('transfer-encoding') !== undefined)
    return declined('input.invalid', `A ${route.method} takes no body.`, 'Put the fields into the query.');
  return queryFields(request, route);
}

function queryFields(request: HonoRequest, { lists, fields: known }: Route): Accepted<Fields> {
  const query = queryOf(request);
  const fields: Fields = {};
  for (const name of new Set(query.keys())) {
    if (FORBIDDEN_KEYS.has(name)) return declined('input.invalid', `The parameter ${name} is not allowed.`);
    const values = query.getAll(name);
    if (lists.has(name)) fields[name] = values.flatMap((value) => value.split(','));
    else if (values.length === 1) fields[name] = known[name]?.type === 'boolean' ? booleanOr(values[0]) : values[0];
    else
      return declined(
        'input.invalid',
        `${name.slice(0, 64)}: given ${values.length} times in the query.`,
        'Give it once.',
      );
  }
  return accepted(fields);
}

function queryOf({ url }: HonoRequest): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
}
