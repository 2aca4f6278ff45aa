import { z } from 'zod';

/** One key of a YAML file, as a table shows it. */
export type Key = {
  /** `stages[].exit_criteria[].check_id`, `input_schema.<name>.type` */
  readonly key: string;
  readonly type: string;
  readonly byDefault: string | undefined;
  readonly required: boolean;
};

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly $ref?: string;
};

/** Every key below, those that hold other keys left out. */
export const keysOf = (schema: unknown): readonly Key[] => below(schema as Schema, '', undefined, false);

export const parametersOf = (parameters: z.ZodType): readonly Key[] =>
  keysOf(z.toJSONSchema(parameters, { io: 'input' }));

function below(schema: Schema, key: string, byDefault: unknown, required: boolean): readonly Key[] {
  const join = (name: string): string => (key === '' ? name : `${key}.${name}`);
  if (schema.properties) {
    const given = (byDefault ?? {}) as Readonly<Record<string, unknown>>;
    return Object.entries(schema.properties).flatMap(([name, one]) =>
      below(one, join(name), given[name] ?? one.default, schema.required?.includes(name) ?? false),
    );
  }
  const { items, additionalProperties: named } = schema;
  if (items?.properties) return below(items, `${key}[]`, undefined, false);
  if (typeof named === 'object' && named.properties) return below(named, join('<name>'), undefined, false);
  const shown = byDefault === undefined ? undefined : JSON.stringify(byDefault);
  return [{ key, type: typeOf(schema), byDefault: shown, required }];
}

function typeOf(schema: Schema): string {
  const { type, items, anyOf, additionalProperties: named } = schema;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (items) return `list of ${typeOf(items)}`;
  if (typeof named === 'object') return `map to ${typeOf(named)}`;
  if (type === 'number' || type === 'integer') return `${type}${rangeOf(schema)}`;
  return { string: 'text', boolean: 'true or false', null: 'null' }[type ?? ''] ?? 'any JSON';
}

const unlimited = Number.MAX_SAFE_INTEGER;

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const least = exclusiveMinimum === undefined ? minimum : exclusiveMinimum;
  if (least === undefined || maximum === undefined || maximum === unlimited) return '';
  return exclusiveMinimum === undefined ? `, ${least} to ${maximum}` : `, more than ${least}, at most ${maximum}`;
}
