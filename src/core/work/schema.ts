import type { Json } from '../json.ts';

export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** The guide's shorthand for one property: `{ type: "string", required: true }`. */
export type Field = { readonly type: FieldType; readonly required?: boolean; readonly default?: Json };
export type FieldSchema = { readonly [name: string]: Field };

export type JsonSchema = {
  readonly type: 'object';
  readonly properties: { readonly [name: string]: { readonly type: FieldType; readonly default?: Json } };
  readonly required: string[];
};

/** The shorthand as JSON Schema 2020-12, for whoever does the task. Of outputs every declared field is required (S92). */
export const jsonSchemaOf = (fields: FieldSchema, required: 'marked' | 'declared'): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(fields).map(([name, { type, default: byDefault }]) => [
      name,
      { type, ...(byDefault === undefined ? {} : { default: byDefault }) },
    ]),
  ),
  // The store keeps fields in an order of its own; to readers the same schema is the same text.
  required: Object.entries(fields)
    .flatMap(([name, field]) => (required === 'declared' || field.required === true ? [name] : []))
    .toSorted(),
});
