import { stageOf, type TaskPlan } from '../plan.ts';
import { definitionOf, progressOf, type Unit } from '../work/unit.ts';
import type { Journey } from '../journey/journey.ts';
import type { Step } from './history.ts';

/** I5, I6, I13 and I14: results once, after what they depend on, from whoever had the work, within the policy. */
export function taskViolations(step: Step): void {
  const { journey, fact, report } = step;
  const { event, seq } = fact;
  if (
    !journey ||
    (event.type !== 'task_succeeded' && event.type !== 'task_attempt_failed' && event.type !== 'task_dispatched')
  )
    return;
  const { work_id, task_id } = event;
  const unit = journey.units.find(({ workId }) => workId === work_id);
  if (!unit) return report('I5', `event ${seq} is about ${work_id}/${task_id}, which is no work of this stage entry`);
  const progress = progressOf(unit, task_id);
  if (progress.status === 'succeeded')
    return report('I5', `event ${seq} (${event.type}) comes after ${work_id}/${task_id} has succeeded`);
  if (event.generation !== progress.generation || event.attempt !== progress.attempt)
    report(
      'I5',
      `event ${seq} is of attempt ${event.generation}/${event.attempt} of ${work_id}/${task_id}, awaited was ${progress.generation}/${progress.attempt}`,
    );
  const task = taskPlanOf(step, journey, unit, task_id);
  if (!task) return;
  const before = task.dependsOn.find((id) => progressOf(unit, id).status !== 'succeeded');
  if (before !== undefined) report('I6', `event ${seq} is about ${work_id}/${task_id} before ${before} has succeeded`);
  if (event.attempt > task.retry.maxRetries + 1)
    report(
      'I14',
      `event ${seq} is attempt ${event.attempt} of ${work_id}/${task_id}; ${task.retry.maxRetries + 1} are allowed`,
    );
  staleOwner(step, unit, task_id);
}

/** The request ids of a process begin with its epoch. What an agent did outside is fenced by the attempt instead. */
function staleOwner({ fact, memory, report }: Step, unit: Unit, taskId: string): void {
  const via = progressOf(unit, taskId).via ?? 'in_process';
  const epoch = Number(/^e(\d+)-/.exec(fact.requestId)?.[1] ?? Number.NaN);
  const lost = memory.lost.get(unit.workId)?.has(epoch) === true;
  if (via === 'in_process' && fact.event.type === 'task_succeeded' && lost && unit.owner !== epoch)
    report('I13', `event ${fact.seq} was recorded by process ${epoch}, which had lost ${unit.workId}`);
}

function taskPlanOf(
  { planOf }: Step,
  { configHash, stage }: Journey,
  unit: Unit,
  taskId: string,
): TaskPlan | undefined {
  const plan = planOf(configHash);
  return definitionOf(plan && stageOf(plan, stage), unit)?.tasks.find(({ id }) => id === taskId);
}
