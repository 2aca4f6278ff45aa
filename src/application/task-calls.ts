import type { JourneyEvent } from '#core/journey/events.ts';
import type { Plan } from '#core/plan.ts';
import { intentKey, type Breakers, type CallOutcome } from './breakers.ts';
import { plannedTask } from './planned-task.ts';
import type { Plans, Recording } from './ports.ts';

export type AttemptKey = {
  readonly workId: string;
  readonly taskId: string;
  readonly generation: number;
  readonly attempt: number;
};

/** An attempt's name within the product. */
export const keyOf = ({ workId, taskId, generation, attempt }: AttemptKey): string =>
  `${workId}/${taskId}/${generation}/${attempt}`;

type Ended = Extract<JourneyEvent, { type: 'task_succeeded' | 'task_attempt_failed' }>;

/** What the ends of tasks, as they are recorded, say about their agents. */
export function learnFrom(
  recordings: readonly Recording[],
  { breakers, plans }: { readonly breakers: Breakers; readonly plans: Plans },
): void {
  const watched = breakers.view().size > 0;
  for (const recording of recordings)
    for (const { event } of recording.events) {
      if (event.type === 'task_attempt_failed' || (watched && event.type === 'task_succeeded')) learn(recording, event);
      if (watched && event.type === 'unit_cancelled') giveProbesUp(breakers, event.work_id);
    }

  function learn(recording: Recording, event: Ended): void {
    const { work_id: workId, task_id: taskId, generation, attempt } = event;
    // What the task opened may have moved the journey on from the stage that it belongs to.
    const journeys = recording.before ? [recording.journey, recording.before] : [recording.journey];
    const task = plannedTask(plans, journeys, workId, taskId);
    if (!task) return;
    const id = keyOf({ workId, taskId, generation, attempt });
    void breakers.report(intentKey(task.intent), id, callOutcome(event));
  }
}

/**
 * Whoever answered, works: a task that was refused, that failed for a reason of its own, or whose output does not fit
 * says nothing against the next one. Nobody was asked: a bad input, no agent, a unit that took too long.
 */
function callOutcome(event: Ended): CallOutcome {
  if (event.type === 'task_succeeded') return 'answered';
  switch (event.error.code) {
    case 'agent.unreachable':
    case 'task.timed_out':
      return 'failed';
    case 'task.failed':
    case 'task.rejected':
    case 'task.output_invalid':
    case 'task.output_missing':
      return 'answered';
    default:
      return 'nothing';
  }
}

/** The result of a cancelled task is not waited for: its place is free for another probe. */
function giveProbesUp(breakers: Breakers, workId: string): void {
  for (const [key, breaker] of breakers.view())
    if (breaker.status === 'half_open')
      for (const { id } of breaker.probes) if (id.startsWith(`${workId}/`)) void breakers.report(key, id, 'nothing');
}

/** As long as an attempt of this intent may last: so long may a probe be in flight. */
export const longestAttempt_ms = ({ stages, taskTimeout_ms }: Plan, intent: string): number =>
  Math.max(
    taskTimeout_ms,
    ...stages.flatMap(({ templates }) =>
      templates.flatMap(({ tasks }) => tasks.flatMap((task) => (task.intent === intent ? [task.max_ms] : []))),
    ),
  );
