import { isObject, type Json } from '#core/json.ts';
import { pathText } from '#validators/describe-issue.ts';
import type { FilesRead } from './read-files.ts';
import type { Given } from './read-variables.ts';
import { passwordsOf } from './secrets.ts';
import type { EffectiveValue, Settings } from './settings.ts';
import { variables, type Variable } from './variables.ts';
import { valueAt, type Path } from './zod-problems.ts';

/** Every setting as it is in force and where it comes from; items of lists go by their ids, as `stages[sandbox].order`. */
export function effectiveValues(
  settings: Omit<Settings, 'effective'>,
  { files, trees, overlaid }: FilesRead,
  given: ReadonlyMap<string, Given>,
): ReadonlyMap<string, EffectiveValue> {
  const values = new Map<string, EffectiveValue>();
  const add = (file: string, parsed: unknown, top: Path): void => {
    const tree = trees.get(file);
    for (const { path, name, value } of leaves(parsed, top, '')) {
      const variable = overlaid.origins.get(`${file} ${pathText(path)}`);
      const fromFile = tree && isSaid(tree.root, path) ? tree.file : 'default';
      values.set(name, { value, origin: variable ? `${variable.source} ${variable.name}` : fromFile });
    }
  };
  if (files) {
    add('journey-orchestrator.yaml', files.orchestrator.orchestrator, ['orchestrator']);
    add('stages.yaml', { stages: files.stages }, []);
    add('unit-of-work-templates.yaml', files.templates, []);
    add('agents.yaml', files.agents, []);
    add('collectors.yaml', files.collectors, []);
    add('notifications.yaml', files.notifications, []);
  }
  for (const variable of variables) {
    const { name, mapsTo, usedBy, yaml } = variable;
    if (usedBy !== 'server' || yaml) continue;
    const said = given.get(name);
    values.set(mapsTo, {
      value: valueOf(variable, said, settings),
      origin: said ? `${said.source} ${name}` : 'default',
    });
  }
  return values;
}

/** The keys of a document with their values, under the same names. */
export const valuesIn = (document: unknown): ReadonlyMap<string, Json> =>
  new Map(leaves(document, [], '').map(({ name, value }) => [name, value]));

function valueOf({ secret, mapsTo, ...variable }: Variable, said: Given | undefined, settings: object): Json {
  if (secret) return said ? '***' : null;
  const inForce = valueAt(settings, mapsTo.split('.'));
  // A variable that switches a whole group on shows what it says, and not what the group holds: there are secrets in it.
  if (inForce === undefined || isObject(inForce)) return said?.value ?? variable.default;
  return variable.type === 'url' && typeof inForce === 'string' ? withoutCredentials(inForce) : (inForce as Json);
}

const withoutCredentials = (url: string): string =>
  passwordsOf(url).reduce((shown, part) => shown.replaceAll(part, '***'), url.replace(/\/\/[^/@\s]*@/, '//***@'));

/** A criterion's max_age_hours may stand beside its parameters as well as among them. */
function isSaid(root: unknown, path: Path): boolean {
  const beside = path.at(-2) === 'parameters' ? path.toSpliced(-2, 1) : path;
  return valueAt(root, path) !== undefined || (path.at(-1) === 'max_age_hours' && valueAt(root, beside) !== undefined);
}

const idKeys = ['stage_id', 'check_id', 'template_id', 'task_id', 'agent_id', 'route_id', 'metric'];

type Leaf = { readonly path: Path; readonly name: string; readonly value: Json };

function leaves(value: unknown, path: Path, name: string): readonly Leaf[] {
  if (Array.isArray(value) && value.some(isObject))
    return value.flatMap((item, index) => leaves(item, [...path, index], `${name}[${idOf(item) ?? index}]`));
  if (isObject(value) && (name === '' || Object.keys(value).length > 0))
    return Object.entries(value).flatMap(([key, item]) =>
      leaves(item, [...path, key], name === '' ? key : `${name}.${key}`),
    );
  return [{ path, name, value: value as Json }];
}

function idOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  const ids = idKeys.flatMap((key) => (typeof item[key] === 'string' ? [item[key]] : []));
  return ids[0];
}
