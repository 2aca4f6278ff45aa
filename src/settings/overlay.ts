import { pathText } from '#validators/describe-issue.ts';
import { isObject } from '#core/json.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import type { Given } from './read-variables.ts';
import { stepsText, variables, type Step, type Variable } from './variables.ts';

export type Tree = { readonly file: string; readonly root: unknown };

export type Overlaid = {
  /** What a variable has put into the tree, by file name and path: `stages.yaml stages[0].order`. */
  readonly origins: ReadonlyMap<string, { readonly source: string; readonly name: string }>;
  readonly problems: readonly Problem[];
  /** Pairs of variable and YAML key that say different things. */
  readonly differing: readonly Problem[];
};

/** The given variables that stand above a YAML key, put into the trees (which are changed in place). */
export function overlay(trees: ReadonlyMap<string, Tree>, given: ReadonlyMap<string, Given>): Overlaid {
  const origins = new Map<string, { source: string; name: string }>();
  const problems: Problem[] = [];
  const differing: Problem[] = [];
  for (const variable of variables) {
    const said = given.get(variable.name);
    const tree = variable.yaml && trees.get(variable.yaml.file);
    if (!said || !tree || !variable.yaml) continue;
    const place = find(tree.root, variable.yaml.steps, variable, said, tree.file);
    if (place.type === 'unreadable') continue;
    if (place.type === 'missing') {
      problems.push(place.problem);
      continue;
    }
    const { holder, key, path } = place;
    const before = Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (before !== undefined && before !== said.value && said.source === 'environment')
      differing.push(difference(variable, said, tree.file, path, before));
    holder[key] = said.value;
    origins.set(`${variable.yaml.file} ${pathText(path)}`, { source: said.source, name: variable.name });
  }
  return { origins, problems, differing };
}

function difference(
  { name }: Variable,
  { value, source }: Given,
  file: string,
  path: readonly PropertyKey[],
  before: unknown,
): Problem {
  return {
    where: source,
    path: name,
    value: shown(value),
    allowed: `differs from ${pathText(path)} in ${file}, which says ${shown(before)}`,
  };
}

type Holder = Record<string, unknown>;
type Place =
  | { readonly type: 'found'; readonly holder: Holder; readonly key: string; readonly path: readonly PropertyKey[] }
  | { readonly type: 'missing'; readonly problem: Problem }
  /** The tree does not have the shape for it; its own schema will say so. */
  | { readonly type: 'unreadable' };

function find(root: unknown, steps: readonly Step[], variable: Variable, said: Given, file: string): Place {
  let here = root;
  const path: PropertyKey[] = [];
  for (const [index, step] of steps.entries()) {
    if (typeof step !== 'string') {
      if (!Array.isArray(here)) return { type: 'unreadable' };
      const at = here.findIndex((item) => isObject(item) && item[step[0]] === step[1]);
      if (at < 0)
        return { type: 'missing', problem: noSuchItem(here, step, steps.slice(0, index), variable, said, file) };
      here = here[at];
      path.push(at);
      continue;
    }
    if (typeof here !== 'object' || here === null || Array.isArray(here)) return { type: 'unreadable' };
    const holder = here as Holder;
    path.push(step);
    if (index === steps.length - 1) return { type: 'found', holder, key: step, path };
    // A block that the file leaves out holds defaults only: it begins to exist with the first key that is said.
    holder[step] ??= typeof steps[index + 1] === 'string' ? {} : [];
    here = holder[step];
  }
  return { type: 'unreadable' };
}

function noSuchItem(
  list: readonly unknown[],
  [key, wanted]: readonly [string, string],
  above: readonly Step[],
  { name }: Variable,
  { value, source }: Given,
  file: string,
): Problem {
  const there = list.flatMap((item) => (isObject(item) && typeof item[key] === 'string' ? [item[key]] : []));
  return {
    where: source,
    path: name,
    value: shown(value),
    allowed: `sets a key of ${stepsText(above)}[${wanted}], but ${file} has no such item; unset it. ${allowedText(wanted, there)}`,
  };
}
