import { z } from 'zod';
import type { AnyUseCase, HttpSurface } from '#application/use-case.ts';

export type JsonSchema = z.core.JSONSchema.JSONSchema;
export type Method = 'GET' | 'POST' | 'DELETE';

/** A use-case as REST shows it. */
export type Route = {
  readonly method: Method;
  /** As the catalogue writes it: `/api/v1/journeys/:client_id`. */
  readonly path: string;
  readonly params: readonly string[];
  readonly fields: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
  /** Fields that hold a list, which a query gives as `a,b` or by repeating the name. */
  readonly lists: ReadonlySet<string>;
  readonly surface: HttpSurface;
  readonly useCase: AnyUseCase;
};

/** Every use-case that has a REST surface, in the catalogue's order. */
export function routesOf(catalogue: readonly AnyUseCase[]): readonly Route[] {
  const routes = catalogue.flatMap((useCase) => (useCase.surface.http ? [routeOf(useCase, useCase.surface.http)] : []));
  const taken = new Map<string, string>();
  for (const { method, path, useCase } of routes) {
    const shape = `${method} ${path.replaceAll(/:\w+/g, ':')}`;
    const other = taken.get(shape);
    if (other !== undefined) throw new Error(`${useCase.name} and ${other} have the same route: ${method} ${path}.`);
    taken.set(shape, useCase.name);
  }
  return routes;
}

function routeOf(useCase: AnyUseCase, surface: HttpSurface): Route {
  const [method, path] = surface.route.split(' ') as [Method, string];
  const params = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const schema = jsonSchemaOf(useCase.input);
  const fields = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const strange = params.find((name) => !Object.hasOwn(fields, name));
  if (strange !== undefined)
    throw new Error(`${useCase.name}: the route names :${strange}, which is not in its input.`);
  const lists = Object.keys(fields).filter((name) => fields[name]?.type === 'array');
  return { method, path, params, fields, required: schema.required ?? [], lists: new Set(lists), surface, useCase };
}

/**
 * Both inputs and outputs as they are before zod fills in anything: that is what callers send and what use-cases
 * return. It also leaves answers open to new fields, so that clients made from the description do not break on one.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
