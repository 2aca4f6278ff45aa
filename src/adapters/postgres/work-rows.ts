import type { Json } from '#core/json.ts';
import { stageOf, type Plan, type TaskPlan } from '#core/plan.ts';
import { definitionOf } from '#core/work/unit.ts';
import { unitDeadline } from '#core/journey/unit-deadline.ts';
import type { RecordedEvent, Recording, WriteContext } from '#application/ports.ts';
import type { Cell } from './encode.ts';
import { json, type Pending, type TaskEvent, type UnitRow } from './pending-rows.ts';

export function unitRow(pending: Pending, workId: string): UnitRow {
  const there = pending.units.get(workId);
  if (there) return there;
  const unit = pending.recording.before?.units.find((one) => one.workId === workId);
  if (!unit) throw new Error(`An event names ${workId}, which is no unit of ${pending.recording.clientId}.`);
  const row: UnitRow = {
    isNew: false,
    stage: pending.stage,
    entry: unit.stageEntry,
    templateId: unit.templateId,
    status: unit.status,
    owner: unit.owner,
    ended: false,
    results: null,
  };
  pending.units.set(workId, row);
  return row;
}

/** What the pause has taken is given back to the units that have a deadline. */
export function resumed(pending: Pending): void {
  for (const { workId, status } of pending.recording.before?.units ?? [])
    if (status === 'in_progress') unitRow(pending, workId);
}

export function unitEnded(
  pending: Pending,
  workId: string,
  type: 'unit_completed' | 'unit_failed' | 'unit_cancelled',
  at: RecordedEvent,
): void {
  const row = unitRow(pending, workId);
  row.status = type.slice('unit_'.length);
  row.owner = null;
  row.ended = true;
  if (type !== 'unit_failed') row.results = resultsOf(pending.recording, workId, at.seq);
  if (type === 'unit_cancelled') {
    (pending.cancelled ??= new Set()).add(workId);
    for (const [name, { of }] of pending.tasks) if (of.work_id === workId) pending.tasks.delete(name);
  }
}

/** The outputs of a unit's tasks: those known before the flush, and those that the flush records up to `seq`. */
function resultsOf({ before, events }: Recording, workId: string, until: number): Json {
  const unit = before?.units.find((one) => one.workId === workId);
  const outputs: Record<string, Json> = {};
  for (const [taskId, { output }] of Object.entries(unit?.tasks ?? {})) if (output) outputs[taskId] = output;
  for (const { seq, event } of events)
    if (seq <= until && event.type === 'task_succeeded' && event.work_id === workId)
      outputs[event.task_id] = event.output;
  return outputs;
}

export function unitRows({ recording, bucket, context, planOf, units, put, configHash }: Pending): void {
  const { clientId } = recording;
  for (const [workId, row] of units) {
    const { isNew, stage, entry, templateId, status, owner, ended, results, snapshot } = row;
    const completedAt = ended ? context.now : null;
    const outputs = results === null ? null : JSON.stringify(results);
    const template = stageOf(planOf(configHash), stage)?.templates.find(({ id }) => id === templateId);
    const unit = recording.journey.units.find((one) => one.workId === workId);
    const deadline = template && unit ? unitDeadline(template, unit, recording.journey) : null;
    if (!isNew) {
      put('unit_update', clientId, entry, templateId, status, owner, outputs, completedAt, deadline);
      continue;
    }
    put(
      'unit_insert',
      clientId,
      bucket,
      workId,
      stage,
      templateId,
      entry,
      status,
      owner,
      snapshot ?? template?.snapshot ?? '[]',
      outputs,
      completedAt,
      deadline,
    );
  }
}

export function roomRows({ recording, bucket, context, tasks, cancelled, put, units, planOf }: Pending): void {
  const { clientId, before, journey } = recording;
  for (const { event, of } of tasks.values()) {
    if (event === null || leavesTheRoom(event)) {
      // The first attempt in this process never had a row.
      if (before?.units.some(({ workId, tasks: known }) => workId === of.work_id && known[of.task_id]))
        put('room_delete', clientId, of.work_id, of.task_id);
      continue;
    }
    if (event.type === 'task_claimed') {
      put('room_claim', clientId, of.work_id, of.task_id, event.by, event.lease_until, event.deadline);
      continue;
    }
    if (isOfQuestion(event)) {
      const { question, answer } = journey.units.find(({ workId }) => workId === of.work_id)?.tasks[of.task_id] ?? {};
      put('room_question', clientId, of.work_id, of.task_id, json(question), json(answer));
      continue;
    }
    put(
      'room_put',
      clientId,
      bucket,
      of.work_id,
      of.task_id,
      ...roomCells(event, taskOf(recording, event, planOf), context),
    );
  }
  for (const workId of cancelled ?? []) {
    if (units.get(workId)?.isNew) continue;
    put('room_cancel', clientId, workId, context.machineNow);
    put('room_clear', clientId, workId);
  }
}

/** Events name the task; what it is stands in the plan that the journey has pinned. */
function taskOf(
  { before, journey }: Recording,
  { work_id, task_id }: TaskEvent,
  planOf: (hash: string) => Plan,
): TaskPlan {
  for (const { units, stage, configHash } of before ? [journey, before] : [journey]) {
    const unit = units.find(({ workId }) => workId === work_id);
    const template = unit && definitionOf(stageOf(planOf(configHash), stage), unit);
    const task = template?.tasks.find(({ id }) => id === task_id);
    if (task) return task;
  }
  throw new Error(`An event names ${task_id} in ${work_id}, which no plan of the journey knows.`);
}

type OfQuestion = Extract<TaskEvent, { type: 'task_interrupted' | 'task_continued' | 'task_answered' }>;

const isOfQuestion = (event: TaskEvent): event is OfQuestion =>
  event.type === 'task_interrupted' || event.type === 'task_continued' || event.type === 'task_answered';

/** In this process, or failed for good: it waits for nothing. */
const leavesTheRoom = (event: TaskEvent): boolean =>
  (event.type === 'task_dispatched' && event.via === 'in_process') ||
  (event.type === 'task_attempt_failed' && event.retry_at === null);

function roomCells(
  event: Exclude<TaskEvent, OfQuestion | { type: 'task_claimed' }>,
  { intent, max_ms }: TaskPlan,
  { follower, machineNow }: WriteContext,
): Cell[] {
  const { generation, attempt } = event;
  switch (event.type) {
    case 'task_dispatched': {
      const isPulled = event.via === 'pull';
      return [
        intent,
        isPulled ? 'ready' : 'running',
        event.via,
        generation,
        attempt,
        machineNow,
        isPulled ? null : follower,
        JSON.stringify(event.input),
        null,
        null,
        // Whoever claims a pulled task gets all of its time.
        isPulled ? null : machineNow + max_ms,
      ];
    }
    case 'task_waiting_for_input':
      return [
        intent,
        'waiting_for_input',
        null,
        generation,
        attempt,
        machineNow,
        null,
        null,
        JSON.stringify(event.missing),
        null,
        null,
      ];
    case 'task_waiting_for_breaker':
      return [intent, 'waiting_for_breaker', null, generation, attempt, machineNow, null, null, null, null, null];
    case 'task_attempt_failed':
      return [
        intent,
        'retry_wait',
        null,
        generation,
        attempt + 1,
        event.retry_at,
        follower,
        null,
        null,
        JSON.stringify(event.error),
        null,
      ];
  }
}
