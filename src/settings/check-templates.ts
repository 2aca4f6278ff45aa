import { fits } from '#core/work/check.ts';
import type { Json } from '#core/json.ts';
import type { StageDocument, TaskDocument, TemplateDocument } from './file-schemas.ts';
import { allowedText } from './nearest.ts';
import { shown, type Problem } from './problem.ts';
import { repeated } from './repeated.ts';
import { ancestorsOf, taskOrder } from './task-order.ts';
import type { Locate, Path } from './zod-problems.ts';

/** What no single key shows: repeated ids, stages and tasks that do not exist, tasks that wait for each other. */
export function checkTemplates(
  templates: readonly TemplateDocument[],
  stages: readonly StageDocument[],
  locate: Locate,
): readonly Problem[] {
  return [
    ...repeated(templates, 'template_id', ['templates'], locate),
    ...templates.flatMap((template, index) => checkTemplate(template, stages, ['templates', index], locate)),
  ];
}

function checkTemplate(
  { stage, tasks }: TemplateDocument,
  stages: readonly StageDocument[],
  path: Path,
  locate: Locate,
): readonly Problem[] {
  const stageIds = stages.map(({ stage_id }) => stage_id);
  const stageProblem = stageIds.includes(stage)
    ? []
    : [
        {
          ...locate([...path, 'stage']),
          value: shown(stage),
          allowed: `no such stage; ${allowedText(stage, stageIds)}`,
        },
      ];
  const at = [...path, 'tasks'];
  const order = stages.find(({ stage_id }) => stage_id === stage)?.order ?? 0;
  const earlier = stages.filter((each) => each.order < order).map(({ stage_id }) => stage_id);
  return [
    ...stageProblem,
    ...repeated(tasks, 'task_id', at, locate),
    ...tasks.flatMap((task, index) => dependencyProblems(task, tasks, [...at, index], locate)),
    ...cycleProblem(tasks, at, locate),
    ...tasks.flatMap((task, index) => mappingProblems(task, tasks, earlier, [...at, index], locate)),
    ...tasks.flatMap((task, index) => defaultProblems(task, [...at, index], locate)),
  ];
}

function dependencyProblems(
  { task_id, depends_on }: TaskDocument,
  tasks: readonly TaskDocument[],
  path: Path,
  locate: Locate,
): readonly Problem[] {
  const others = tasks.map((task) => task.task_id).filter((id) => id !== task_id);
  return depends_on.flatMap((id, index) => {
    const problem = (allowed: string): readonly Problem[] => [
      { ...locate([...path, 'depends_on', index]), value: shown(id), allowed },
    ];
    if (id === task_id) return problem('a task cannot depend on itself');
    if (!others.includes(id)) return problem(`no such task in this template; ${allowedText(id, others)}`);
    return depends_on.indexOf(id) < index ? problem('is named twice') : [];
  });
}

function cycleProblem(tasks: readonly TaskDocument[], path: Path, locate: Locate): readonly Problem[] {
  const ids = new Set(tasks.map(({ task_id }) => task_id));
  // Unknown ids and the task itself have been reported; left in, they would read as a cycle too.
  const nodes = nodesOf(tasks).map(({ id, dependsOn }) => ({
    id,
    dependsOn: dependsOn.filter((other) => other !== id && ids.has(other)),
  }));
  const { cycle } = taskOrder(nodes);
  if (cycle.length === 0) return [];
  const ring = cycle.filter((id) => ancestorsOfSelf(id, nodes)).join(', ');
  return [
    { ...locate(path), value: ring, allowed: 'these tasks wait for each other; depends_on must not go in a circle' },
  ];
}

type Node = { readonly id: string; readonly dependsOn: readonly string[] };

export const nodesOf = (tasks: readonly TaskDocument[]): readonly Node[] =>
  tasks.map(({ task_id, depends_on }) => ({ id: task_id, dependsOn: depends_on }));

const ancestorsOfSelf = (id: string, nodes: readonly Node[]): boolean =>
  ancestorsOf(id, nodes).some((before) => nodes.find((node) => node.id === before)?.dependsOn.includes(id));

function mappingProblems(
  task: TaskDocument,
  tasks: readonly TaskDocument[],
  earlierStages: readonly string[],
  path: Path,
  locate: Locate,
): readonly Problem[] {
  const sources = ['journey', ...ancestorsOf(task.task_id, nodesOf(tasks)), ...earlierStages];
  const inputs = Object.keys(task.input_schema);
  return Object.entries(task.input_mapping ?? {}).flatMap(([input, from]) => {
    const at = locate([...path, 'input_mapping', input]);
    const source = from.slice(0, from.indexOf('.'));
    if (!inputs.includes(input))
      return [{ ...at, value: shown(from), allowed: `no such input in input_schema; ${allowedText(input, inputs)}` }];
    if (sources.includes(source)) return [];
    const allowed = `${source} is neither journey, nor a task before this one, nor an earlier stage; ${allowedText(source, sources)}`;
    return [{ ...at, value: shown(from), allowed }];
  });
}

function defaultProblems(task: TaskDocument, path: Path, locate: Locate): readonly Problem[] {
  return (['input_schema', 'output_schema'] as const).flatMap((schema) =>
    Object.entries(task[schema]).flatMap(([name, field]) =>
      field.default === undefined || fits(field.default as Json, field.type)
        ? []
        : [
            {
              ...locate([...path, schema, name, 'default']),
              value: shown(field.default),
              allowed: `must be of type ${field.type}`,
            },
          ],
    ),
  );
}
