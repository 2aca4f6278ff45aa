import { z } from 'zod';
import type { JourneyView } from '#application/view.ts';

type Journey = z.output<typeof JourneyView>;
type Task = Journey['units'][number]['tasks'][number] & { readonly work_id: string };

/** What every tool that answers with a journey promises; more may be there. */
export const JourneyAnswer = z.looseObject({
  client_id: z.string(),
  status: z.string(),
  stage: z.string(),
  stage_entry: z.number(),
  gate: z.string(),
  waiting_for: z.string(),
  next: z.string().describe('What to do now.'),
});

/** A journey in a few hundred characters. */
export function conciseJourney(journey: Journey): z.input<typeof JourneyAnswer> {
  const { criteria, approval, queue_position } = journey;
  const open = criteria.filter(({ required, outcome }) => required && outcome !== 'passed' && outcome !== 'skipped');
  return {
    client_id: journey.client_id,
    status: journey.status,
    stage: journey.stage,
    stage_entry: journey.stage_entry,
    day: journey.day,
    duration_target_days: journey.duration_target_days,
    completed_stages: journey.completed_stages,
    gate: journey.gate,
    ...(queue_position === null ? {} : { queue_position }),
    work: workOf(tasksOf(journey)),
    criteria_passed: `${criteria.length - open.length} of ${criteria.length}`,
    not_passed: Object.fromEntries(open.map(({ check_id, outcome }) => [check_id, outcome])),
    ...(approval ? { approval: { approval_id: approval.approval_id, status: approval.status } } : {}),
    waiting_for: journey.waiting_for,
    next: nextStep(journey),
  };
}

/** The whole of it, and what to do. */
export const detailedJourney = (journey: Journey): z.input<typeof JourneyAnswer> => ({
  ...journey,
  next: nextStep(journey),
});

const tasksOf = ({ units }: Journey): readonly Task[] =>
  units.flatMap(({ work_id, tasks }) => tasks.map((task) => ({ ...task, work_id })));

function workOf(tasks: readonly Task[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of tasks) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** One sentence for a model, beginning with the tool to call where there is one. */
export function nextStep(journey: Journey): string {
  if (journey.status === 'queued') return 'Wait: it is admitted when a place is free.';
  if (journey.status === 'paused') return 'Wait: a person has paused it.';
  if (journey.status === 'completed') return 'Nothing: it is completed.';
  return workStep(tasksOf(journey)) ?? gateStep(journey);
}

function workStep(tasks: readonly Task[]): string | undefined {
  const waiting = tasks.find(({ missing }) => missing !== undefined && missing.length > 0);
  if (waiting) return `provide_input: ${waiting.task_id} needs ${waiting.missing?.join(', ')}.`;
  const failed = tasks.find(({ status }) => status === 'failed');
  if (failed)
    return `retry_tasks with work_id ${failed.work_id}, once the cause is mended: ${failed.task_id} failed (list_work says why).`;
  const again = tasks.find(({ status }) => status === 'retry_wait');
  if (again)
    return `Wait: ${again.task_id} failed and is tried again; list_work says why, find_agents whether anybody can do ${again.intent}.`;
  const ready = tasks.find(({ status }) => status === 'ready');
  if (ready) return `Wait for the agent of ${ready.intent}, or claim_task with that intent if you are one.`;
  return tasks.some(({ status }) => status !== 'succeeded' && status !== 'cancelled')
    ? 'Wait: agents are at work; list_work shows it.'
    : undefined;
}

function gateStep({ gate, approval, criteria }: Journey): string {
  if (gate === 'none') return 'Nothing: this is the last stage.';
  if (gate === 'open') return 'promote_journey: the gate is open.';
  if (approval?.status === 'open') return 'Wait: a person decides on the approval; no tool approves.';
  if (approval?.status === 'rejected') return 'request_approval, once what the rejection says has been dealt with.';
  const open = criteria.find(({ required, outcome }) => required && (outcome === 'failed' || outcome === 'unknown'));
  return open === undefined
    ? 'check_exit_criteria: judge again.'
    : `record_evidence for ${open.check_id} if you have measured it, or wait for who does.`;
}
