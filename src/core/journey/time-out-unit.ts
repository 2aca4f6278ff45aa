import { refuse, type Refusal } from '../errors.ts';
import { SECOND } from '../time.ts';
import { isReady } from '../work/graph.ts';
import { progressOf, type Unit } from '../work/unit.ts';
import type { TaskPlan } from '../plan.ts';
import { unitDeadline } from './unit-deadline.ts';
import { presentStage, record, templateOf, type Draft } from './draft.ts';

/** A unit of work that has taken longer than it may fails, and with it every task that has begun or waits for something. */
export function timeOutUnit(draft: Draft, workId: string): Refusal | undefined {
  const unit = draft.journey.units.find((one) => one.workId === workId);
  const template = unit && templateOf(presentStage(draft), unit);
  const deadline = unit && template ? unitDeadline(template, unit, draft.journey) : null;
  if (!unit || !template || unit.status !== 'in_progress' || deadline === null || draft.world.now < deadline)
    return refuse('task.superseded', `${workId} is not overdue.`);
  const error = {
    code: 'unit.timed_out',
    message: `${workId} has taken longer than its limit of ${(template.limit_ms ?? 0) / SECOND} s.`,
  };
  for (const task of template.tasks.filter((one) => isUnfinished(one, unit))) {
    const { generation, attempt } = progressOf(unit, task.id);
    record(draft, {
      type: 'task_attempt_failed',
      work_id: workId,
      task_id: task.id,
      generation,
      attempt,
      error,
      retry_at: null,
    });
  }
  record(draft, { type: 'unit_failed', work_id: workId });
  return undefined;
}

function isUnfinished(task: TaskPlan, unit: Unit): boolean {
  switch (progressOf(unit, task.id).status) {
    case 'planned':
      return isReady(task, unit);
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return false;
    default:
      return true;
  }
}
