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
  const earlier = plan.stages.filter(({ order }) => order < stage.order).toReversed();
  const given = journeyInputs(journey);
  const input: Record<string, Json> = {};
  const missing: string[] = [];
  for (const [name, field] of Object.entries(task.input)) {
    const mapped = task.inputMapping[name];
    const value =
      mapped === undefined ? find(name, task, unit, earlier, journey, given) : follow(mapped, unit, journey, given);
    if (value !== undefined) input[name] = value;
    else if (field.default !== undefined) input[name] = field.default;
    else if (field.required === true) missing.push(name);
  }
  return { input, missing };
}

/** `connectors` defaults to the data sources: nothing in the guide's own files produces it (S85). */
function journeyInputs(journey: Journey): JsonObject {
  const { data_sources } = journey.inputs;
  return {
    ...(data_sources === undefined ? {} : { connectors: data_sources }),
    ...journey.metadata,
    ...journey.inputs,
    client_id: journey.clientId,
  };
}

function find(
  name: string,
  task: TaskPlan,
  unit: Unit,
  earlier: readonly StagePlan[],
  journey: Journey,
  given: JsonObject,
): Json | undefined {
  for (const ancestor of task.ancestors) {
    const value = progressOf(unit, ancestor).output?.[name];
    if (value !== undefined) return value;
  }
  for (const { id } of earlier) {
    const value = journey.outputs[id]?.[name];
    if (value !== undefined) return value;
  }
  return given[name];
}

function follow(mapping: string, unit: Unit, journey: Journey, given: JsonObject): Json | undefined {
  const dot = mapping.indexOf('.');
  const [from, name] = [mapping.slice(0, dot), mapping.slice(dot + 1)];
  if (from === 'journey') return given[name];
  return progressOf(unit, from).output?.[name] ?? journey.outputs[from]?.[name];
}

/** Stable over the attempts of one generation, so that an agent can tell a repeated assignment from new work. */
export const idempotencyKeyOf = (workId: string, taskId: string, generation: number): string =>
  `${workId}/${taskId}/${generation}`;
