import { z } from 'zod';

/** How a field of an input is typed: as text, `a,b`, `k=v`, or JSON. */
export type Shape = 'text' | 'number' | 'boolean' | 'list' | 'pairs' | 'json';

/** One input field, as people type it on the command line or in Slack. */
export type Field = {
  /** As the API calls it: `data_sources`. */
  readonly name: string;
  /** As typed, without dashes: `data-sources`. */
  readonly flag: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly range?: Range;
  /** What stands in a list, where it is not text. */
  readonly numbers?: boolean;
  readonly minItems?: number;
  readonly default?: unknown;
};

export type Range = {
  readonly whole: boolean;
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
};

/** A field that holds a list of objects: flags give one, a file gives many. */
export type Collection = { readonly name: string; readonly fields: readonly Field[] };

/** The part of JSON Schema that fields are made from. */
export type JsonSchema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
};

export const schemaOf = (type: z.ZodType, io: 'input' | 'output'): JsonSchema =>
  z.toJSONSchema(type, { io, unrepresentable: 'any' }) as JsonSchema;

/** The fields of an input, in the order in which the use-case declares its fields. */
export function fieldsOf(schema: JsonSchema): {
  readonly fields: readonly Field[];
  readonly collection: Collection | null;
} {
  const required = new Set(schema.required);
  const properties = Object.entries(schema.properties ?? {});
  const [name, list] = properties.find(([, property]) => isCollection(property)) ?? [];
  return {
    fields: properties
      .filter(([, property]) => property !== list)
      .map(([key, property]) => fieldOf(key, property, required.has(key))),
    collection: name === undefined ? null : { name, fields: fieldsOf(list?.items ?? {}).fields },
  };
}

const isCollection = ({ type, items }: JsonSchema): boolean => type === 'array' && items?.type === 'object';

function fieldOf(name: string, property: JsonSchema, required: boolean): Field {
  const shape = shapeOf(property);
  const choices = property.enum ?? property.items?.enum;
  return {
    name,
    flag: flagOf(name, shape),
    shape,
    required,
    description: property.description ?? '',
    ...(choices ? { choices: choices.map(String) } : {}),
    ...(shape === 'number' ? { range: rangeOf(property) } : {}),
    ...(shape === 'list' ? { numbers: isNumber(property.items), minItems: property.minItems ?? 0 } : {}),
    ...(property.default === undefined ? {} : { default: property.default }),
  };
}

function shapeOf(property: JsonSchema): Shape {
  const { type, items, properties } = property;
  if (type === 'string') return 'text';
  if (isNumber(property)) return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array' && (items?.type === 'string' || isNumber(items))) return 'list';
  return type === 'object' && properties === undefined ? 'pairs' : 'json';
}

const isNumber = (schema: JsonSchema | undefined): boolean => schema?.type === 'number' || schema?.type === 'integer';

/** Pairs are given one by one, so their flag is in the singular: `--input a=1 --input b=2` for `inputs`. */
const flagOf = (name: string, shape: Shape): string =>
  (shape === 'pairs' ? name.replace(/(?<!s)s$/, '') : name).replaceAll('_', '-');

const rangeOf = ({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): Range => ({
  whole: type === 'integer',
  ...(minimum === undefined ? {} : { min: minimum }),
  ...(exclusiveMinimum === undefined ? {} : { above: exclusiveMinimum }),
  ...(maximum === undefined ? {} : { max: maximum }),
});
