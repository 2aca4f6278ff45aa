import { refuse, type Refusal } from '#core/errors.ts';
import type { AttemptName } from '#core/work/unit.ts';
import type { Dependencies } from './dependencies.ts';

/** Whether the work that the attempt belongs to was cancelled: its stage was left backwards, or the journey has ended. */
export async function wasCancelled(
  { journeys }: Dependencies,
  { clientId, stageEntry, workId }: AttemptName & { readonly clientId: string; readonly stageEntry: number },
): Promise<boolean> {
  const journey = await journeys.journey(clientId);
  if (!journey || journey.stageEntry < stageEntry) return false;
  const unit = journey.units.find((one) => one.workId === workId);
  return unit === undefined || unit.status === 'cancelled' || journey.status === 'completed';
}

export const supersededAttempt = (id: string): Refusal =>
  refuse(
    'task.superseded',
    `${id} is not yours (any more): its lease ran out, it has ended, or somebody else has claimed it.`,
    'Drop what you did and claim new work.',
  );
