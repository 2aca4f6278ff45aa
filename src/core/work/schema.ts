import type { Json } from '../json.ts';

export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type FieldType = (typeof fieldTypes)[number];

/** The guide's shorthand for one property: `{ type: "string", required: true }`. */
export type Field = { readonly type: FieldType; readonly required?: boolean; readonly default?: Json };
export type FieldSchema = { readonly [name: string]: Field };
