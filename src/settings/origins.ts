import { isObject } from '#core/json.ts';
import { pathText } from '#validators/describe-issue.ts';
import type { FilesRead } from './read-files.ts';
import type { Given } from './read-variables.ts';
import { variables } from './variables.ts';
import { valueAt, type Path } from './zod-problems.ts';

/** Where every setting comes from; items of lists go by their ids, as `stages[sandbox].order`. */
export function originsOf(
  { files, trees, overlaid }: FilesRead,
  given: ReadonlyMap<string, Given>,
): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  const add = (file: string, parsed: unknown, top: Path): void => {
    const tree = trees.get(file);
    for (const { path, name } of leaves(parsed, top, '')) {
      const variable = overlaid.origins.get(`${file} ${pathText(path)}`);
      const fromFile = tree && isSaid(tree.root, path) ? tree.file : 'default';
      origins.set(name, variable ? `${variable.source} ${variable.name}` : fromFile);
    }
  };
  if (files) {
    add('journey-orchestrator.yaml', files.orchestrator.orchestrator, ['orchestrator']);
    add('stages.yaml', { stages: files.stages }, []);
    add('unit-of-work-templates.yaml', files.templates, []);
    add('agents.yaml', files.agents, []);
  }
  for (const { name, mapsTo, usedBy, yaml } of variables) {
    if (usedBy !== 'server' || yaml) continue;
    const said = given.get(name);
    origins.set(mapsTo, said ? `${said.source} ${name}` : 'default');
  }
  return origins;
}

/** A criterion's max_age_hours may stand beside its parameters as well as among them. */
function isSaid(root: unknown, path: Path): boolean {
  const beside = path.at(-2) === 'parameters' ? path.toSpliced(-2, 1) : path;
  return valueAt(root, path) !== undefined || (path.at(-1) === 'max_age_hours' && valueAt(root, beside) !== undefined);
}

const idKeys = ['stage_id', 'check_id', 'template_id', 'task_id', 'agent_id', 'metric'];

type Leaf = { readonly path: Path; readonly name: string };

function leaves(value: unknown, path: Path, name: string): readonly Leaf[] {
  if (Array.isArray(value) && value.some(isObject))
    return value.flatMap((item, index) => leaves(item, [...path, index], `${name}[${idOf(item) ?? index}]`));
  if (isObject(value))
    return Object.entries(value).flatMap(([key, item]) =>
      leaves(item, [...path, key], name === '' ? key : `${name}.${key}`),
    );
  return [{ path, name }];
}

function idOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  const ids = idKeys.flatMap((key) => (typeof item[key] === 'string' ? [item[key]] : []));
  return ids[0];
}
