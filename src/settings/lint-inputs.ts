import { nodesOf } from './check-templates.ts';
import type { StageDocument, TaskDocument, TemplateDocument } from './file-schemas.ts';
import { finding, type Finding } from './findings.ts';
import { ancestorsOf } from './task-order.ts';

/** What every start of a journey gives. */
const givenAtStart = ['client_id', 'data_sources'];

/** What a task can find when it begins: by template and stage, which outputs came before it. */
type Before = { readonly near: readonly TaskDocument[]; readonly earlier: readonly TemplateDocument[] };

/** Required inputs that no task, mapping or default provides: valid, but the task will wait until a person gives them. */
export function lintInputs(
  templates: readonly TemplateDocument[],
  stages: readonly StageDocument[],
): readonly Finding[] {
  const orderOf = (id: string): number => stages.find(({ stage_id }) => stage_id === id)?.order ?? 0;
  return templates.flatMap((template) => {
    const earlier = templates.filter(({ stage }) => orderOf(stage) < orderOf(template.stage));
    return template.tasks.flatMap((task) => {
      const ancestors = ancestorsOf(task.task_id, nodesOf(template.tasks));
      const near = template.tasks.filter(({ task_id }) => ancestors.includes(task_id));
      const at = `templates[${template.template_id}].tasks[${task.task_id}].input_schema`;
      return Object.entries(task.input_schema).flatMap(([name, { required, default: fallback }]) =>
        required !== true || fallback !== undefined ? [] : lintInput(task, name, `${at}.${name}`, { near, earlier }),
      );
    });
  });
}

function lintInput(task: TaskDocument, name: string, at: string, before: Before): readonly Finding[] {
  const from = task.input_mapping?.[name];
  if (from === undefined ? isProduced(name, before) : isMapped(from, before)) return [];
  if (from === undefined && name === 'connectors')
    return [
      finding(
        'input.from_data_sources',
        at,
        `${task.task_id} needs connectors, which nothing produces: it is given the journey's data sources.`,
        'Say so with input_mapping: { connectors: journey.data_sources }, or let a task before it produce them.',
      ),
    ];
  const [wanted, how] = from === undefined ? [name, ''] : [journeyInput(from) ?? name, ` (mapped to ${from})`];
  return [
    finding(
      'input.unproduced',
      at,
      `${task.task_id} needs ${name}${how}, which nothing produces.`,
      `Give it at the start (--input ${wanted}=…) or later with provide-input.`,
    ),
  ];
}

const isProduced = (name: string, { near, earlier }: Before): boolean =>
  givenAtStart.includes(name) || [...near, ...earlier.flatMap(({ tasks }) => tasks)].some(puts(name));

function isMapped(from: string, { near, earlier }: Before): boolean {
  const [source = '', output = ''] = from.split('.');
  if (source === 'journey') return [...givenAtStart, 'connectors'].includes(output);
  const named = near.filter(({ task_id }) => task_id === source);
  const ofStage = earlier.filter(({ stage }) => stage === source).flatMap(({ tasks }) => tasks);
  return [...named, ...ofStage].some(puts(output));
}

const puts =
  (name: string) =>
  ({ output_schema }: TaskDocument): boolean =>
    Object.hasOwn(output_schema, name);

const journeyInput = (from: string): string | undefined => /^journey\.(.+)$/.exec(from)?.[1];
