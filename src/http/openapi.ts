import type { z } from 'zod';
import { errorCatalogue } from '#core/errors.ts';
import { jsonSchemaOf, type JsonSchema, type Route } from './routes.ts';

type Node = { readonly [key: string]: unknown };

/** The OpenAPI 3.1 description of the routes, from the schemas that check their input. */
export function openApi(routes: readonly Route[], version: string): Node {
  const schemas: Record<string, unknown> = { Problem: problemSchema };
  const refer = referringTo(schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, refer);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Client Journey Orchestration Engine',
      version,
      description:
        'Takes each client from sandbox to pilot to production: agents do the work, evidence opens the gates, people approve.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths: { ...paths, ...probePaths },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of journey-cli token create.' },
      },
      schemas,
      responses: {
        Problem: {
          description: 'Why not, as RFC 9457 problem details.',
          headers: { 'X-Request-Id': requestIdHeader },
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

/** Each zod schema stands in the description once, however many routes answer with it. */
function referringTo(schemas: Record<string, unknown>): (name: string, schema: z.ZodType) => Node {
  const named = new Map<z.ZodType, string>();
  return (name, schema) => {
    const known = named.get(schema);
    if (known === undefined) {
      named.set(schema, name);
      schemas[name] = jsonSchemaOf(schema);
    }
    return { $ref: `#/components/schemas/${known ?? name}` };
  };
}

function operation(route: Route, refer: (name: string, schema: z.ZodType) => Node): Node {
  const { method, surface, useCase } = route;
  const { name, summary, allow, kinds, effect, output } = useCase;
  const who = `Needs the role ${allow.join(' or ')}${kinds ? `, and is for callers of kind ${kinds.join(' or ')}` : ''}.`;
  return {
    operationId: name.replaceAll('.', '_'),
    tags: [name.split('.', 1)[0]],
    summary,
    description: who,
    'x-effect': effect,
    parameters: parameters(route),
    ...(method === 'POST' ? requestBody(route) : {}),
    responses: {
      [surface.status ?? 200]: {
        description: surface.status === 201 ? 'Made.' : 'Done.',
        headers: {
          'X-Request-Id': requestIdHeader,
          ...(surface.location
            ? { Location: { schema: { type: 'string' }, description: 'Where what was made is found.' } }
            : {}),
        },
        content: { 'application/json': { schema: refer(`${pascal(name)}Output`, output) } },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function parameters({ method, params, fields, required, lists, surface: { document } }: Route): readonly Node[] {
  const inPath = params.map((name) => ({ name, in: 'path', required: true, ...described(fields[name]) }));
  if (method === 'POST' && !document) return [...inPath, idempotencyHeader];
  const inQuery = Object.keys(fields)
    .filter((name) => !params.includes(name) && name !== document?.field)
    .map((name) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...(lists.has(name) ? { style: 'form', explode: false } : {}),
      ...described(fields[name]),
    }));
  return [...inPath, ...inQuery, ...(method === 'GET' ? [] : [idempotencyHeader])];
}

function described(schema: JsonSchema | undefined): Node {
  const { description, ...rest } = schema ?? {};
  return { ...(description === undefined ? {} : { description }), schema: rest };
}

function requestBody({ params, fields, required, surface: { document } }: Route): Node {
  if (document) {
    const { description, ...schema } = fields[document.field] ?? {};
    const content = Object.fromEntries(document.types.map((type) => [type, { schema }]));
    return {
      requestBody: {
        required: true,
        description: `${description ?? ''} At most ${document.most_bytes} bytes.`,
        content,
      },
    };
  }
  const names = Object.keys(fields).filter((name) => !params.includes(name));
  if (names.length === 0) return {};
  const needed = names.filter((name) => required.includes(name));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, fields[name]])),
    ...(needed.length > 0 ? { required: needed } : {}),
    additionalProperties: false,
  };
  return { requestBody: { required: needed.length > 0, content: { 'application/json': { schema } } } };
}

const pascal = (name: string): string =>
  name
    .split(/[._]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const requestIdHeader = {
  schema: { type: 'string' },
  description: 'Names this request in the log and in the history.',
};

const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same input gives the first answer again; with other input it is refused.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
};

const problemSchema = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is so, with the values.' },
    code: { type: 'string', enum: Object.keys(errorCatalogue), description: 'Stable; what programs decide on.' },
    hint: { type: 'string', description: 'What to do next.' },
    request_id: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    details: { type: 'object' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id', 'retryable'],
  examples: [
    {
      type: 'urn:journey-orchestrator:problem:journey.unknown',
      title: 'Journey unknown',
      status: 404,
      detail: 'No journey of client-123 is known.',
      code: 'journey.unknown',
      request_id: 'Zl2nq0cX7xkq5cOAt1rjhw',
      retryable: false,
    },
  ],
};

const readySchema = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ready', 'not_ready'] },
    mode: { type: 'string' },
    checks: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['status', 'mode', 'checks'],
};

const readyAnswer = (description: string): Node => ({
  description,
  content: { 'application/json': { schema: readySchema } },
});

const probePaths = {
  '/health': {
    get: {
      operationId: 'health',
      tags: ['probes'],
      summary: 'Whether the process answers, and which version it is; asks nobody else.',
      security: [],
      responses: {
        200: {
          description: 'It does.',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  status: { const: 'ok' },
                  version: { type: 'string' },
                  commit: { type: ['string', 'null'], description: 'What it was built from, where that is known.' },
                },
                required: ['status', 'version', 'commit'],
              },
            },
          },
        },
      },
    },
  },
  '/ready': {
    get: {
      operationId: 'ready',
      tags: ['probes'],
      summary: 'Whether it can do its work, check by check.',
      security: [],
      responses: { 200: readyAnswer('It can.'), 503: readyAnswer('Not now.') },
    },
  },
};
