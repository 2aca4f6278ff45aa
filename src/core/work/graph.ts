import type { Json, JsonObject } from '../json.ts';
import type { Plan, StagePlan, TaskPlan, WorkTemplate } from '../plan.ts';
import type { Journey } from '../journey/journey.ts';
import { progressOf, type TaskStatus, type Unit } from './unit.ts';

/** Planned tasks whose dependencies have all succeeded: what can begin now. */
export const readyTasks = (template: WorkTemplate, unit: Unit): readonly TaskPlan[] =>
  unit.status === 'in_progress' ? template.tasks.filter((task) => isReady(task, unit)) : [];

/** What the process that owns the unit runs itself: whatever is ready, and recorded attempts in this process. */
export const tasksInProcess = (
  template: WorkTemplate,
  unit: Unit,
  routed: (intent: string) => boolean,
): readonly TaskPlan[] =>
  unit.status !== 'in_progress'
    ? []
    : template.tasks.filter((task) => {
        const { status, via } = progressOf(unit, task.id);
        return status === 'running' ? via === 'in_process' : isReady(task, unit) && routed(task.intent);
      });

export const isReady = (task: TaskPlan, unit: Unit): boolean =>
  progressOf(unit, task.id).status === 'planned' &&
  task.dependsOn.every((id) => progressOf(unit, id).status === 'succeeded');

/** A planned task whose dependencies are done is in fact being run by the process that owns its unit. */
export const statusOf = (task: TaskPlan, unit: Unit): TaskStatus =>
  isReady(task, unit) && unit.status === 'in_progress'
    ? unit.owner === null
      ? 'ready'
      : 'running'
    : progressOf(unit, task.id).status;

export const allSucceeded = (template: WorkTemplate, unit: Unit): boolean =>
  template.tasks.every(({ id }) => progressOf(unit, id).status === 'succeeded');

export type ResolvedInput = { readonly input: JsonObject; readonly missing: readonly string[] };

/**
 * The input of a task. Each declared field comes from, in this order: the explicit input_mapping; the same-named output
 * of the nearest ancestor; of an earlier stage, the latest first; the journey's inputs; the schema's default (S93).
 */
export function resolveInput(
  plan: Plan,
  stage: StagePlan,
  task: TaskPlan,
  unit: Unit,
  journey: Journey,
): ResolvedInput {
  if (task.given) return { input: task.given, missing: [] };
  const input: Record<string, Json> = {};
  const missing: string[] = [];
  for (const name in task.input) {
    const field = task.input[name];
    const mapped = task.inputMapping[name];
    const value = mapped === undefined ? find(name, plan, stage, task, unit, journey) : follow(mapped, unit, journey);
    if (value !== undefined) input[name] = value;
    else if (field?.default !== undefined) input[name] = field.default;
    else if (field?.required === true) missing.push(name);
  }
  return { input, missing };
}

function find(
  name: string,
  plan: Plan,
  stage: StagePlan,
  task: TaskPlan,
  unit: Unit,
  journey: Journey,
): Json | undefined {
  for (const ancestor of task.ancestors) {
    const value = progressOf(unit, ancestor).output?.[name];
    if (value !== undefined) return value;
  }
  for (let index = plan.stages.indexOf(stage) - 1; index >= 0; index--) {
    const value = journey.outputs[plan.stages[index]?.id ?? '']?.[name];
    if (value !== undefined) return value;
  }
  return given(name, journey);
}

/** What the journey itself knows. `connectors` defaults to the data sources: nothing in the guide's files produces it (S85). */
function given(name: string, { clientId, inputs, metadata }: Journey): Json | undefined {
  if (name === 'client_id') return clientId;
  return inputs[name] ?? metadata[name] ?? (name === 'connectors' ? inputs['data_sources'] : undefined);
}

function follow(mapping: string, unit: Unit, journey: Journey): Json | undefined {
  const dot = mapping.indexOf('.');
  const [from, name] = [mapping.slice(0, dot), mapping.slice(dot + 1)];
  if (from === 'journey') return given(name, journey);
  return progressOf(unit, from).output?.[name] ?? journey.outputs[from]?.[name];
}

/** Stable over the attempts of one generation, so that an agent can tell a repeated assignment from new work. */
export const idempotencyKeyOf = (workId: string, taskId: string, generation: number): string =>
  `${workId}/${taskId}/${generation}`;
