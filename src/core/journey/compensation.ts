import type { JsonObject } from '../json.ts';
import type { Plan, StagePlan, TaskPlan } from '../plan.ts';
import { resolveInput } from '../work/graph.ts';
import { progressOf, workIdOf, type Unit } from '../work/unit.ts';
import { COMPENSATION } from './compensation-unit.ts';
import { record, type Draft } from './draft.ts';
import type { CompensationStep } from './events.ts';
import type { Journey } from './journey.ts';

type Done = { readonly stage: StagePlan; readonly task: TaskPlan; readonly input: JsonObject };
export type Compensation = {
  readonly steps: readonly Omit<CompensationStep, 'task_id'>[];
  readonly notUndone: readonly { readonly stage: string; readonly task_id: string }[];
};

/**
 * What a rollback from the present stage to `target` has to undo: the succeeded tasks of every stage above the target,
 * the last one first, and what an earlier compensation has not got to.
 */
export function compensationFor(plan: Plan, journey: Journey, target: StagePlan): Compensation {
  const left = plan.stages.filter(({ order }) => order > target.order).toReversed();
  const done = left.flatMap((stage) => doneIn(plan, stage, journey));
  return {
    steps: [...done.flatMap(({ task, ...of }) => stepOf(task, of)), ...unfinished(journey)],
    notUndone: done.flatMap(({ stage, task }) =>
      task.compensateIntent === null ? [{ stage: stage.id, task_id: task.id }] : [],
    ),
  };
}

/** Records it as a unit of work of the stage entry that the rollback has led to. */
export function planCompensation(draft: Draft, { steps, notUndone }: Compensation): void {
  if (steps.length === 0 && notUndone.length === 0) return;
  const { clientId, stageEntry } = draft.journey;
  record(draft, {
    type: 'compensation_planned',
    work_id: steps.length > 0 ? workIdOf(clientId, stageEntry, COMPENSATION) : null,
    owner: draft.world.hasRoom ? draft.world.epoch : null,
    // The same task may stand in two stages: the number makes the name unique and says the order.
    steps: steps.map((step, index) => ({
      task_id: `undo_${index + 1}_${step.undoes.task_id}`.slice(0, LONGEST_ID),
      ...step,
    })),
    not_undone: notUndone,
  });
}

const LONGEST_ID = 64;

/** Succeeded tasks, the last in the order of dependencies first. */
function doneIn(plan: Plan, stage: StagePlan, journey: Journey): readonly Done[] {
  const present = stage.id === journey.stage;
  return stage.templates.toReversed().flatMap(({ id, tasks }) => {
    const unit = present ? journey.units.find(({ templateId }) => templateId === id) : undefined;
    return tasks.toReversed().flatMap((task) => {
      const succeeded = present
        ? unit !== undefined && progressOf(unit, task.id).status === 'succeeded'
        : journey.completedStages.includes(stage.id) && journey.done[stage.id]?.tasks.includes(task.id) === true;
      return succeeded ? [{ stage, task, input: inputOf(plan, stage, task, unit ?? gone, journey) }] : [];
    });
  });
}

/** A unit of an earlier stage is no longer known; what it put out is, by stage. */
const gone: Unit = {
  workId: '',
  templateId: '',
  stageEntry: 0,
  status: 'completed',
  owner: null,
  tasks: {},
  startedAt: 0,
  pausedBefore_ms: 0,
  finishedAt: null,
};

/** What the task was given and what it answered: who undoes it needs to know both. */
function inputOf(plan: Plan, stage: StagePlan, task: TaskPlan, unit: Unit, journey: Journey): JsonObject {
  const known = journey.outputs[stage.id] ?? {};
  const named = [...Object.keys(task.input), ...Object.keys(task.output)].filter((name) => name in known);
  return {
    client_id: journey.clientId,
    ...Object.fromEntries(named.map((name) => [name, known[name] ?? null])),
    ...resolveInput(plan, stage, task, unit, journey).input,
    ...progressOf(unit, task.id).output,
  };
}

const stepOf = (task: TaskPlan, { stage, input }: Omit<Done, 'task'>): readonly Omit<CompensationStep, 'task_id'>[] =>
  task.compensateIntent === null
    ? []
    : [
        {
          name: `Undo ${task.name}`,
          intent: task.compensateIntent,
          undoes: { stage: stage.id, task_id: task.id },
          input,
          retry: task.retry,
          max_ms: task.max_ms,
        },
      ];

/** Who leaves the stage by its gate leaves behind what its compensation has not undone, because it failed or was cancelled. */
export const leftBehind = (journey: Journey): Compensation => ({
  steps: [],
  notUndone: unfinished(journey).map(({ undoes }) => undoes),
});

/** What a compensation of this stage entry has not got to. */
const unfinished = ({ units, undoing }: Journey): readonly Omit<CompensationStep, 'task_id'>[] =>
  units.flatMap((unit) =>
    unit.templateId === COMPENSATION
      ? undoing.flatMap(({ task_id, ...step }) => (progressOf(unit, task_id).status === 'succeeded' ? [] : [step]))
      : [],
  );
