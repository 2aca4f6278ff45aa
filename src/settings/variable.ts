/** One step into a YAML tree: a key, or the item of a list whose `[key, value]` matches. */
export type Step = string | readonly [key: string, value: string];

export type Variable = {
  readonly name: string;
  readonly type: 'text' | 'boolean' | 'integer' | 'number' | 'url' | 'choice';
  readonly default: string | number | boolean | null;
  /** A secret is never shown, and may come as a file named by NAME_FILE. */
  readonly secret: boolean;
  readonly doc: string;
  /** The setting that it decides, as `config show` names it. */
  readonly mapsTo: string;
  readonly usedBy: 'server' | 'cli';
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** The key of a file that it stands above. */
  readonly yaml?: { readonly file: string; readonly steps: readonly Step[] };
};

type Details = Partial<Omit<Variable, 'name' | 'type' | 'mapsTo' | 'doc'>>;

export const variable = (
  name: string,
  type: Variable['type'],
  mapsTo: string,
  doc: string,
  details: Details = {},
): Variable => ({ name, type, mapsTo, doc, default: null, secret: false, usedBy: 'server', ...details });

export const port = { min: 1, max: 65_535 } as const;
export const secret = { secret: true } as const;
