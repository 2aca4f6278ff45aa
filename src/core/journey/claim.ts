import type { Refusal } from '../errors.ts';
import { progressOf } from '../work/unit.ts';
import type { ClaimTask } from './commands.ts';
import { presentPlan, record, type Draft } from './draft.ts';
import { superseded, taskNamed } from './work.ts';

/** A pulled task that is ready is handed to whoever claims it: for a lease, and for no longer than its limit in all. */
export function claimTask(draft: Draft, { workId, taskId, fence, by }: ClaimTask): Refusal | undefined {
  const { unit, task } = taskNamed(draft, workId, taskId);
  if (!unit || !task || unit.status !== 'in_progress') return superseded(workId, taskId, fence);
  const { status, via, generation, attempt } = progressOf(unit, taskId);
  if (status !== 'ready' || via !== 'pull' || generation !== fence.generation || attempt !== fence.attempt)
    return superseded(workId, taskId, fence);
  const { machineNow } = draft.world;
  const deadline = machineNow + task.max_ms;
  record(draft, {
    type: 'task_claimed',
    work_id: workId,
    task_id: taskId,
    ...fence,
    by,
    lease_until: Math.min(machineNow + presentPlan(draft).taskTimeout_ms, deadline),
    deadline,
  });
  return undefined;
}
