import { isRefusal, type Refusal } from '#core/errors.ts';
import { attemptNamed, progressOf } from '#core/work/unit.ts';
import { z } from 'zod';
import type { TaskResult } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import { mayWork } from './claims.ts';
import type { Dependencies } from './dependencies.ts';
import { iso } from './fields.ts';
import { submit } from './submit.ts';
import type { Call } from './use-case.ts';

/** What became of a claimed task when its claimer said how it ended. */
export const EndedView = z.object({
  task_id: z.string(),
  client_id: z.string(),
  work_id: z.string(),
  status: z.string().describe('succeeded, retry_wait or failed.'),
  retry_at: z.string().nullable().describe('When it may be claimed again.'),
  unit_status: z.string(),
  stage: z.string(),
});

/** Records how a claimed attempt ended. Said twice in the same words it is recorded once, and answered the same. */
export async function endClaimed(
  dependencies: Dependencies,
  call: Call,
  id: string,
  outcome: TaskResult['outcome'],
): Promise<Refusal | z.input<typeof EndedView>> {
  const refusal = mayWork(call, []);
  if (refusal) return refusal;
  const { clientId, workId, taskId, generation, attempt } = attemptNamed(id);
  const key = { key: id, requestHash: dependencies.ids.digest(JSON.stringify(outcome)) };
  const submitted = await submit(
    dependencies,
    { ...call, idempotency: key },
    clientId,
    {
      type: 'task_result',
      workId,
      taskId,
      fence: { generation, attempt },
      claimant: call.principal.id,
      outcome,
    },
    ({ journey }) => endedView(id, journey, workId, taskId),
  );
  return isRefusal(submitted) ? submitted : (submitted.answer as unknown as z.input<typeof EndedView>);
}

function endedView(id: string, journey: Journey, workId: string, taskId: string): z.input<typeof EndedView> {
  const unit = journey.units.find((one) => one.workId === workId);
  const progress = unit && progressOf(unit, taskId);
  return {
    task_id: id,
    client_id: journey.clientId,
    work_id: workId,
    // The last task of a stage may have opened its gate: then the unit belongs to the stage that was left.
    status: progress?.status ?? 'succeeded',
    retry_at: progress?.retryAt === undefined ? null : iso(progress.retryAt),
    unit_status: unit?.status ?? 'completed',
    stage: journey.stage,
  };
}
