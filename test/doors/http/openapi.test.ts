import { describe, expect, it } from 'vitest';
import { catalogue } from '#application/catalogue.ts';
import { routesOf } from '#http/routes.ts';
import { door } from './fakes.ts';

type Operation = {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly [key: string]: unknown;
  }[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly properties: object } } };
  };
  readonly responses: Record<string, unknown>;
};
type Description = {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly security: unknown;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, unknown>>;
};

const describedBy = async (options: Parameters<typeof door>[0] = {}): Promise<Description> =>
  (await (await door(options).app.request('/openapi.json')).json()) as Description;

describe('the OpenAPI description', () => {
  it('S144: has every route of the catalogue, with a token on each', async () => {
    const description = await describedBy({ catalogue });
    expect(description.openapi).toMatch(/^3\.1\./);
    expect(description.info.version).toBe('1.2.3');
    expect(description.security).toEqual([{ bearer: [] }]);
    for (const { method, path, useCase } of routesOf(catalogue)) {
      const operation = description.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect(operation?.operationId).toBe(useCase.name.replaceAll('.', '_'));
      expect(operation).not.toHaveProperty('security');
      const inPath = operation?.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
    }
  });

  it('names each operation once', async () => {
    const { paths } = await describedBy({ catalogue });
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers only to what is in it, and to nothing by a local definition', async () => {
    const description = await describedBy({ catalogue });
    const text = JSON.stringify(description);
    const references = [...text.matchAll(/"\$ref":"#\/components\/([^/"]+)\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(20);
    for (const [, section = '', name = ''] of references)
      expect(description.components[section]).toHaveProperty([name]);
    expect(text.match(/"\$ref":/g)).toHaveLength(references.length);
    expect(text).not.toContain('$defs');
  });

  it('puts the fields of a read into the query, and those of a write into the body', async () => {
    const { paths } = await describedBy();
    const read = paths['/api/v1/things/{thing_id}']?.['get'];
    expect(read?.parameters).toEqual([
      { name: 'thing_id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'limit', in: 'query', required: false, schema: expect.objectContaining({ default: 5, type: 'integer' }) },
      {
        name: 'tags',
        in: 'query',
        required: false,
        style: 'form',
        explode: false,
        schema: expect.objectContaining({ type: 'array' }),
      },
      { name: 'loud', in: 'query', required: false, schema: { type: 'boolean' } },
    ]);
    const start = (await describedBy({ catalogue })).paths['/api/v1/journeys']?.['post'];
    expect(Object.keys(start?.requestBody?.content['application/json'].schema.properties ?? {})).toContain(
      'data_sources',
    );
    expect(Object.keys(start?.responses ?? {})).toEqual(['201', 'default']);
  });

  it('an answer shared by several routes is described once', async () => {
    const { components } = await describedBy({ catalogue });
    const journeys = Object.values(components['schemas'] ?? {}).filter((schema) =>
      JSON.stringify(schema).includes('"waiting_for"'),
    );
    expect(journeys).toHaveLength(1);
  });

  it('needs no token', async () => {
    expect((await door().app.request('/openapi.json')).status).toBe(200);
  });
});
