import { isObject, type Json } from '../json.ts';
import type { Field, FieldSchema, FieldType } from './schema.ts';

export type SchemaProblem = { readonly path: string; readonly problem: string };

/**
 * What is wrong with `value` under the guide's shorthand schema. Fields that the schema does not name are kept: agents
 * may say more than they must. `required` says which fields count as required: for inputs those marked so, for outputs
 * every declared one (S92).
 */
export function problemsIn(value: unknown, schema: FieldSchema, required: 'marked' | 'declared'): SchemaProblem[] {
  if (!isObject(value)) return [{ path: '', problem: `is ${kindOf(value)}, must be an object` }];
  return Object.entries(schema).flatMap(([name, field]) => problemIn(value[name], name, field, required));
}

function problemIn(
  value: Json | undefined,
  name: string,
  field: Field,
  required: 'marked' | 'declared',
): SchemaProblem[] {
  if (value === undefined) {
    const needed = required === 'declared' || field.required === true;
    return needed ? [{ path: name, problem: `is missing, must be ${article(field.type)}` }] : [];
  }
  return fits(value, field.type)
    ? []
    : [{ path: name, problem: `is ${kindOf(value)}, must be ${article(field.type)}` }];
}

export function fits(value: Json, type: FieldType): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
  }
}

const article = (type: FieldType): string => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);
const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : article(typeof value as FieldType);
