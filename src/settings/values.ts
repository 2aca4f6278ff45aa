import type { VariablesRead, VariableValue } from './read-variables.ts';
import { variables } from './variables.ts';

/** What the variables say, or their defaults, by name. */
export type Values = {
  readonly text: (name: string) => string | null;
  readonly number: (name: string) => number;
  readonly flag: (name: string) => boolean;
};

const defaults: ReadonlyMap<string, VariableValue | null> = new Map(
  variables.map(({ name, default: byDefault }) => [name, byDefault]),
);

export function valuesOf({ given }: VariablesRead): Values {
  const valueOf = (name: string): VariableValue | null => given.get(name)?.value ?? defaults.get(name) ?? null;
  return {
    text: (name) => {
      const value = valueOf(name);
      return value === null ? null : String(value);
    },
    number: (name) => Number(valueOf(name)),
    flag: (name) => valueOf(name) === true,
  };
}
