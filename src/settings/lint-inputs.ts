import { nodesOf } from './check-templates.ts';
import type { StageDocument, TaskDocument, TemplateDocument } from './file-schemas.ts';
import { ancestorsOf } from './task-order.ts';

/** What every start of a journey gives; `connectors` stands for its data sources. */
const givenAtStart = ['client_id', 'data_sources', 'connectors'];

/** Required inputs that no task, mapping or default provides: valid, but the task will wait until a person gives them. */
export function lintInputs(
  templates: readonly TemplateDocument[],
  stages: readonly StageDocument[],
): readonly string[] {
  const orderOf = (id: string): number => stages.find(({ stage_id }) => stage_id === id)?.order ?? 0;
  return templates.flatMap((template) => {
    const earlier = templates.filter(({ stage }) => orderOf(stage) < orderOf(template.stage));
    const produced = earlier.flatMap(({ tasks }) => tasks.flatMap(outputsOf));
    return template.tasks.flatMap((task) => {
      const before = ancestorsOf(task.task_id, nodesOf(template.tasks));
      const near = template.tasks.filter(({ task_id }) => before.includes(task_id)).flatMap(outputsOf);
      const known = new Set([...givenAtStart, ...produced, ...near, ...Object.keys(task.input_mapping ?? {})]);
      return Object.entries(task.input_schema).flatMap(([name, { required, default: fallback }]) =>
        required !== true || fallback !== undefined || known.has(name)
          ? []
          : [
              `${template.template_id}.${task.task_id} needs ${name}, which nothing produces: give it at the start (--input ${name}=…) or later with provide-input.`,
            ],
      );
    });
  });
}

const outputsOf = ({ output_schema }: TaskDocument): readonly string[] => Object.keys(output_schema);
