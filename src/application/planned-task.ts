import { stageOf, type TaskPlan } from '#core/plan.ts';
import { definitionOf } from '#core/work/unit.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { Plans } from './ports.ts';

/** A task as the plan that the journey has pinned has it; the journey's later states first, where there are several. */
export function plannedTask(
  plans: Plans,
  journeys: readonly Journey[],
  workId: string,
  taskId: string,
): TaskPlan | undefined {
  for (const { units, stage, configHash } of journeys) {
    const unit = units.find((one) => one.workId === workId);
    const task =
      unit && definitionOf(stageOf(plans.get(configHash), stage), unit)?.tasks.find(({ id }) => id === taskId);
    if (task) return task;
  }
  return undefined;
}
