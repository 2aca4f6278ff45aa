import { evolve } from '#core/journey/evolve.ts';
import type { Journey } from '#core/journey/journey.ts';
import { parties, timeSplit } from '#core/journey/time-split.ts';
import type { Plan, TaskPlan } from '#core/plan.ts';
import type { Played } from '#test/support/engine/play.ts';

const stageIds = ['sandbox', 'pilot', 'trial', 'production'];
export const orderOf = (stage: string | null): number => (stage === null ? 0 : stageIds.indexOf(stage) + 1);

/** A step that undoes a task is tried as often as the task itself. */
export function taskIn(plan: Plan, name: string): TaskPlan {
  const id = name.replace(/^undo_\d+_/, '');
  const task = plan.stages
    .flatMap(({ templates }) => templates.flatMap(({ tasks }) => tasks))
    .find((one) => one.id === id);
  if (!task) throw new Error(`No task is called ${id}.`);
  return task;
}

export function begunWhilePaused(log: readonly Played[]): readonly string[] {
  const begun: string[] = [];
  let paused = false;
  for (const { event } of log) {
    if (event.type === 'journey_paused') paused = true;
    if (event.type === 'journey_resumed' || event.type === 'journey_completed') paused = false;
    const recorded =
      /^(journey_paused|input_provided|evidence_recorded|task_succeeded|task_attempt_failed|unit_(completed|failed|cancelled)|approval_voided|delivery_given_up)$/;
    if (paused && !recorded.test(event.type)) begun.push(event.type);
  }
  return begun;
}

export function hastyRollbacks(log: readonly Played[], window_ms: number): readonly string[] {
  const hasty: string[] = [];
  let entered = 'start';
  let last = Number.NEGATIVE_INFINITY;
  for (const { event, at } of log) {
    if (event.type === 'journey_started') last = Number.NEGATIVE_INFINITY;
    if (event.type === 'stage_entered') entered = event.kind;
    if (event.type !== 'journey_rolled_back_automatically') continue;
    if (entered === 'rollback') hasty.push(`a rollback of a rollback at ${at}`);
    if (at - last < window_ms) hasty.push(`the second within the window at ${at}`);
    if (event.verdicts.some(({ outcome }) => outcome !== 'failed')) hasty.push(`without a failure at ${at}`);
    last = at;
  }
  return hasty;
}

export function wronglyUndone(log: readonly Played[], plan: Plan): readonly string[] {
  const wrong: string[] = [];
  // What succeeded in this run and was not undone, by stage and task.
  let done = new Set<string>();
  let leaving: string | null = null;
  for (const { event } of log) {
    if (event.type === 'journey_started') done = new Set();
    if (event.type === 'task_succeeded') done.add(`${event.work_id.split(':')[1]} ${event.task_id}`);
    if (event.type === 'stage_entered') leaving = event.kind === 'rollback' ? event.from : null;
    if (event.type !== 'compensation_planned') continue;
    if (leaving === null && event.steps.length > 0) wrong.push('a compensation without a rollback');
    for (const { undoes, intent } of event.steps) {
      if (taskIn(plan, undoes.task_id).compensateIntent !== intent) wrong.push(`${undoes.task_id} by ${intent}`);
      if (![...done].some((name) => name.endsWith(` ${undoes.task_id}`)))
        wrong.push(`${undoes.task_id} was never done`);
    }
    // Whoever passes the gate leaves behind what could have been undone, and was not.
    for (const { task_id } of event.not_undone)
      if (leaving !== null && taskIn(plan, task_id).compensateIntent !== null) wrong.push(`${task_id} can be undone`);
    const orders = event.steps.map(({ undoes }) => orderOf(undoes.stage));
    if (orders.some((order, index) => order > (orders[index - 1] ?? order))) wrong.push('not in reverse order');
  }
  return wrong;
}

export function splitsThatDoNotAddUp(log: readonly Played[], clientId: string): readonly string[] {
  const wrong: string[] = [];
  let journey: Journey | null = null;
  for (const { event, at } of log) {
    const before: Journey | null = journey;
    journey = evolve(journey, event, clientId, at);
    const split = timeSplit(journey, at);
    const sum = parties.reduce((total, party) => total + split[party], 0);
    // What is kept of a journey that is over is no time of its last stage.
    if (event.type === 'delivery_given_up' && journey.status === 'completed') continue;
    if (sum !== at - journey.stageStartedAt) wrong.push(`${event.type} at ${at}: ${JSON.stringify(split)}`);
    const sameEntry = before?.stageEntry === journey.stageEntry && before.run === journey.run;
    if (sameEntry && parties.some((party) => split[party] < timeSplit(before, before.waits.since)[party]))
      wrong.push(`${event.type} at ${at} takes time back`);
    const left = event.type === 'stage_entered' && before ? event.time_split_ms : undefined;
    if (left && JSON.stringify(left) !== JSON.stringify(timeSplit(before as Journey, at)))
      wrong.push(`${event.type} at ${at} names another split than the stage had`);
  }
  return wrong;
}
