/** What arrives as the data part of a message, unchecked: an agent trusts no caller. */
export type Input = { readonly [name: string]: unknown };

/** One kind of work that an example agent does: what it says while at work, and what comes out of it. */
export type Skill = {
  /** The intent, which is also the skill's id in the agent's card. */
  readonly intent: string;
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  /** Why the input cannot be worked on; null: it can. */
  readonly objection: (input: Input) => string | null;
  /** Progress messages, one for each part of the work. */
  readonly steps: (input: Input) => readonly string[];
  readonly output: (input: Input) => { readonly [name: string]: unknown };
};

const longestList = 200;

export const needsText =
  (...names: readonly string[]) =>
  (input: Input): string | null => {
    const missing = names.find((name) => typeof input[name] !== 'string' || input[name] === '');
    return missing === undefined ? null : `${missing} must be a text that is not empty`;
  };

export const needsList =
  (name: string) =>
  (input: Input): string | null => {
    const list = input[name];
    if (!Array.isArray(list)) return `${name} must be a list`;
    return list.length > longestList ? `${name} has ${list.length} entries, at most ${longestList} are taken` : null;
  };

/** The first objection of several checks. */
export const all =
  (...checks: readonly ((input: Input) => string | null)[]) =>
  (input: Input): string | null => {
    for (const check of checks) {
      const objection = check(input);
      if (objection !== null) return objection;
    }
    return null;
  };

export const textOf = (input: Input, name: string): string => {
  const value = input[name];
  return typeof value === 'string' ? value : '';
};

/** The names in a list whose entries are texts, or objects with a name, an id or an email. */
export function namesIn(input: Input, list: string): readonly string[] {
  const entries: unknown = input[list];
  return Array.isArray(entries) ? entries.map(nameOf) : [];
}

function nameOf(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null) return String(entry);
  const named = ['name', 'id', 'email'].map((key) => (entry as Input)[key]);
  return named.find((value) => typeof value === 'string') ?? 'unnamed';
}
