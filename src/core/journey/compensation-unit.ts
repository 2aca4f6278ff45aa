import type { TaskPlan, WorkTemplate } from '../plan.ts';
import type { Instant } from '../time.ts';
import type { Unit } from '../work/unit.ts';
import type { CompensationPlanned, CompensationStep } from './events.ts';

/** No template can be called so: a slug begins with a letter or digit. */
export const COMPENSATION = '_compensation';

/** What undoes the left stages' work: one step after the other, whatever the stage that was entered has to do itself. */
export function compensationUnit(stageEntry: number, event: CompensationPlanned, at: Instant): Unit | undefined {
  if (event.work_id === null) return undefined;
  return {
    workId: event.work_id,
    templateId: COMPENSATION,
    stageEntry,
    status: 'in_progress',
    owner: event.owner,
    tasks: {},
    startedAt: at,
    pausedBefore_ms: 0,
    finishedAt: null,
    definition: definitionOf(event.steps),
  };
}

const definitionOf = (steps: readonly CompensationStep[]): WorkTemplate => ({
  id: COMPENSATION,
  name: 'Compensation',
  limit_ms: null,
  tasks: steps.map((step, index) => taskOf(step, steps[index - 1])),
  snapshot: JSON.stringify(
    steps.map(({ task_id, name, intent }, index) => ({
      task_id,
      name,
      agent_intent: intent,
      depends_on: [steps[index - 1]?.task_id].filter((id) => id !== undefined),
    })),
  ),
});

const taskOf = (step: CompensationStep, before: CompensationStep | undefined): TaskPlan => ({
  id: step.task_id,
  name: step.name,
  intent: step.intent,
  input: {},
  output: {},
  dependsOn: before ? [before.task_id] : [],
  ancestors: [],
  retry: step.retry,
  max_ms: step.max_ms,
  inputMapping: {},
  given: step.input,
  evidence: null,
  compensateIntent: null,
});
