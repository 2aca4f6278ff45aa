import { refuse, type Refusal } from '../errors.ts';
import { isObject, type JsonObject } from '../json.ts';
import { backoff_ms } from '../retry.ts';
import type { Observation } from '../criteria/evidence.ts';
import type { TaskPlan } from '../plan.ts';
import { problemsIn, type SchemaProblem } from '../work/check.ts';
import { allSucceeded, isReady, readyTasks, resolveInput } from '../work/graph.ts';
import { progressOf, type Fence, type TaskError, type Unit } from '../work/unit.ts';
import type { BeginAttempt, TaskResult } from './commands.ts';
import { presentPlan, presentStage, record, templateOf, type Draft } from './draft.ts';
import { settle } from './settle.ts';

/** Begins every task that can begin: it is dispatched, waits for an input that is named, or fails on a bad one. */
export function advanceUnits(draft: Draft): void {
  for (const { workId } of draft.journey.units) advance(draft, workId);
}

function advance(draft: Draft, workId: string): void {
  const unit = unitOf(draft, workId);
  // Nothing begins while it is paused; resume comes back to it.
  if (!unit || unit.status !== 'in_progress' || draft.journey.status !== 'active') return;
  for (const task of readyTasks(templateOf(presentStage(draft), unit), unit)) begin(draft, unit, task);
}

function begin(draft: Draft, unit: Unit, task: TaskPlan, isProbe = false): void {
  const { status, generation, attempt } = progressOf(unit, task.id);
  const of = { work_id: unit.workId, task_id: task.id, generation, attempt };
  const { input, missing } = resolveInput(presentPlan(draft), presentStage(draft), task, unit, draft.journey);
  if (missing.length > 0) return record(draft, { type: 'task_waiting_for_input', ...of, missing });

  const problems = problemsIn(input, task.input, 'marked');
  if (problems.length > 0)
    return failForGood(draft, of, {
      code: 'task.input_invalid',
      message: `The input does not fit: ${told(problems)}.`,
    });

  const via = draft.world.route(task.intent);
  // An attempt that would fail for sure is not spent. What is pulled waits in the room anyway: there the claim is held back.
  if (!isProbe && via !== 'pull' && draft.world.isHeldBack(task.intent))
    return status === 'waiting_for_breaker' ? undefined : record(draft, { type: 'task_waiting_for_breaker', ...of });
  // The first attempt in this process needs no record: the unit's owner runs it, and whoever takes the unit over does too.
  if (via === 'in_process' && attempt === 1 && status === 'planned') return;
  record(draft, { type: 'task_dispatched', ...of, via, input });
  // Only who records it hears of it now: an owner elsewhere would leave the task lying.
  if (via === 'in_process') own(draft, unit);
}

type OfTask = { readonly work_id: string; readonly task_id: string } & Fence;

function failForGood(draft: Draft, of: OfTask, error: TaskError): void {
  record(draft, { type: 'task_attempt_failed', ...of, error, retry_at: null });
  if (unitOf(draft, of.work_id)?.status === 'in_progress') record(draft, { type: 'unit_failed', work_id: of.work_id });
}

const unitOf = ({ journey }: Draft, workId: string): Unit | undefined =>
  journey.units.find((unit) => unit.workId === workId);

/** The unit and the task that a command names, as far as the present stage has them. */
export function taskNamed(
  draft: Draft,
  workId: string,
  taskId: string,
): { readonly unit: Unit | undefined; readonly task: TaskPlan | undefined } {
  const unit = unitOf(draft, workId);
  return { unit, task: unit && templateOf(presentStage(draft), unit).tasks.find(({ id }) => id === taskId) };
}

/** Records how an attempt ended, and what follows from it: the next tasks, a retry, the end of the unit, the open gate. */
export function taskResult(draft: Draft, command: TaskResult): Refusal | undefined {
  const { workId, taskId, fence, outcome } = command;
  const { unit, task } = taskNamed(draft, workId, taskId);
  if (!unit || !task || !isAwaited(unit, task, command)) return superseded(workId, taskId, fence);

  const of = { work_id: workId, task_id: taskId, ...fence };
  if (outcome.type === 'failed') attemptFailed(draft, task, of, outcome);
  else if (!isObject(outcome.output) || problemsIn(outcome.output, task.output, 'declared').length > 0)
    return misfit(draft, of, problemsIn(outcome.output, task.output, 'declared'), command.claimant !== undefined);
  else succeed(draft, unit, task, of, outcome.output);
  // A compensation that failed holds the gate no longer.
  if (unit.definition && unitOf(draft, workId)?.status === 'failed') settle(draft);
  return undefined;
}

/** Whoever holds the task by a lease may correct its output; any other agent would only answer the same again. */
function misfit(draft: Draft, of: OfTask, problems: readonly SchemaProblem[], isClaimed: boolean): Refusal | undefined {
  const message = `The output does not fit: ${told(problems)}.`;
  if (!isClaimed) return void failForGood(draft, of, { code: 'task.output_invalid', message });
  return refuse(
    'task.output_invalid',
    message,
    'Correct what is named and complete the task again: it is still yours until its lease runs out.',
    { problems: problems.map(({ path, problem }) => ({ path, problem })) },
  );
}

function isAwaited(unit: Unit, task: TaskPlan, { fence, owner, claimant }: TaskResult): boolean {
  // Siblings of a task that failed for good may finish: what is done stays done when the unit is retried.
  if (unit.status !== 'in_progress' && unit.status !== 'failed') return false;
  if (owner !== undefined && unit.owner !== owner) return false;
  const { status, generation, attempt, claimedBy } = progressOf(unit, task.id);
  if (claimant !== undefined && claimant !== claimedBy) return false;
  // Nothing records that a first attempt in this process began; its dependencies' results have to be recorded all the same.
  const underWay = status === 'running' || status === 'ready' || (owner !== undefined && isReady(task, unit));
  return underWay && generation === fence.generation && attempt === fence.attempt;
}

export const superseded = (workId: string, taskId: string, { generation, attempt }: Fence): Refusal =>
  refuse(
    'task.superseded',
    `Attempt ${attempt} of generation ${generation} of ${taskId} in ${workId} is no longer awaited.`,
    'Another attempt, a rollback or another worker has taken its place: drop the result and claim new work.',
  );

function succeed(draft: Draft, unit: Unit, task: TaskPlan, of: OfTask, output: JsonObject): void {
  const observations = observed(draft, task, output);
  record(draft, {
    type: 'task_succeeded',
    ...of,
    output,
    ...(observations.length > 0 ? { observations } : {}),
  });
  const after = unitOf(draft, unit.workId);
  if (!after || after.status !== 'in_progress') return;
  if (allSucceeded(templateOf(presentStage(draft), unit), after)) {
    record(draft, { type: 'unit_completed', work_id: unit.workId });
    settle(draft);
    return;
  }
  if (draft.journey.status !== 'active') return;
  own(draft, after);
  advance(draft, unit.workId);
}

function observed({ journey, world }: Draft, task: TaskPlan, output: JsonObject): readonly Observation[] {
  if (!task.evidence) return [];
  const { kind, observe } = task.evidence;
  return observe(output).map(({ subject, value }) => ({
    kind,
    subject,
    value,
    observedAt: world.now,
    source: task.intent,
    origin: `task:${task.intent}`,
    recordedBy: 'system',
    stageEntry: journey.stageEntry,
  }));
}

/** Whoever records a result goes on with the unit, or leaves it to whoever claims it: it is never left to a stale owner. */
function own(draft: Draft, { workId, owner }: Unit): void {
  const { epoch, hasRoom } = draft.world;
  if (owner === epoch) return;
  const to = hasRoom ? epoch : null;
  if (to !== owner) record(draft, { type: 'unit_taken_over', work_id: workId, from: owner, to });
}

function attemptFailed(draft: Draft, task: TaskPlan, of: OfTask, { code, message, retryable }: Failure): void {
  const error = { code, message };
  if (!retryable || of.attempt > task.retry.maxRetries) return failForGood(draft, of, error);
  const wait_ms = backoff_ms(task.retry, of.attempt, `${of.work_id}/${of.task_id}`);
  record(draft, { type: 'task_attempt_failed', ...of, error, retry_at: draft.world.machineNow + wait_ms });
}

type Failure = { readonly code: string; readonly message: string; readonly retryable: boolean };

/** The wait before a further attempt is over, or that for the breaker, or an agent does now what nobody has claimed. */
export function beginAttempt(draft: Draft, { workId, taskId, fence, probe }: BeginAttempt): Refusal | undefined {
  const { unit, task } = taskNamed(draft, workId, taskId);
  const progress = unit && progressOf(unit, taskId);
  const waits =
    progress?.status === 'retry_wait' ||
    progress?.status === 'waiting_for_breaker' ||
    (progress?.status === 'ready' && task !== undefined && draft.world.route(task.intent) !== 'pull');
  const due = waits && progress.attempt === fence.attempt && progress.generation === fence.generation;
  // In a unit that has failed nothing begins; what waits for its retry goes on when the unit is retried.
  if (!unit || !task || !due || unit.status !== 'in_progress') return superseded(workId, taskId, fence);
  own(draft, unit);
  begin(draft, unit, task, probe);
  return undefined;
}

/** A unit whose owner is gone (or that nobody owns) goes on in this process. */
export function takeOver(draft: Draft, workId: string, from: number | null): Refusal | undefined {
  const unit = unitOf(draft, workId);
  if (!unit || unit.status !== 'in_progress' || unit.owner !== from)
    return refuse('task.superseded', `${workId} is not owned by ${from ?? 'nobody'} any more.`);
  record(draft, { type: 'unit_taken_over', work_id: workId, from, to: draft.world.epoch });
  advance(draft, workId);
  return undefined;
}

/** Tasks that failed for good begin anew with all their attempts; what has succeeded stays. */
export function retryTasks(draft: Draft, workId: string): Refusal | undefined {
  const unit = unitOf(draft, workId);
  if (!unit)
    return refuse(
      'work.unknown',
      `${workId} is not a unit of work of the present stage.`,
      'uow-status lists the units of work.',
    );
  const failedTasks = Object.entries(unit.tasks).flatMap(([id, { status }]) => (status === 'failed' ? [id] : []));
  if (failedTasks.length === 0)
    return unit.status === 'in_progress'
      ? refuse(
          'work.still_running',
          `${workId} is still running: none of its tasks has failed.`,
          'Wait for it to end; uow-status shows its tasks.',
        )
      : refuse(
          'work.nothing_failed',
          `No task of ${workId} has failed: it is ${unit.status}.`,
          'There is nothing to retry.',
        );
  record(draft, {
    type: 'tasks_retried',
    work_id: workId,
    task_ids: failedTasks,
    owner: draft.world.hasRoom ? draft.world.epoch : null,
  });
  advance(draft, workId);
  return undefined;
}

/** Tasks that waited for an input which is there now begin; the others go on waiting, with what they still miss. */
export function resumeWaiting(draft: Draft): void {
  if (draft.journey.status !== 'active') return;
  for (const { workId } of draft.journey.units) {
    const unit = unitOf(draft, workId);
    if (!unit || unit.status !== 'in_progress') continue;
    for (const task of templateOf(presentStage(draft), unit).tasks)
      if (progressOf(unit, task.id).status === 'waiting_for_input') begin(draft, unit, task);
  }
}

/** After a pause: retries whose time has come, inputs that have been given, and tasks whose turn it has become. */
export function continueWork(draft: Draft): void {
  for (const { workId } of draft.journey.units) {
    const unit = unitOf(draft, workId);
    if (!unit || unit.status !== 'in_progress') continue;
    // Another process may have it, and is not told of what is decided here: whoever resumes goes on with it.
    own(draft, unit);
    for (const task of templateOf(presentStage(draft), unit).tasks) {
      const { status, retryAt = 0 } = progressOf(unit, task.id);
      if (status === 'retry_wait' && retryAt <= draft.world.machineNow) begin(draft, unit, task);
    }
    advance(draft, workId);
  }
  resumeWaiting(draft);
}

const told = (problems: readonly SchemaProblem[]): string =>
  problems.map(({ path, problem }) => (path === '' ? `it ${problem}` : `${path} ${problem}`)).join('; ');
