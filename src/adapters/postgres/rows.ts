import { bucketOf } from '#core/bucket.ts';
import type { Json } from '#core/json.ts';
import type { Plan } from '#core/plan.ts';
import { stageOf } from '#core/plan.ts';
import { succeeds } from '#core/journey/evolve.ts';
import type { Observation } from '#core/criteria/evidence.ts';
import type { ApprovalRequested, JourneyEvent, StageEntered } from '#core/journey/events.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { RecordedEvent, Recording, WriteContext } from '#application/ports.ts';
import type { Cell } from './encode.ts';
import type { PartName } from './parts.ts';

export type Rows = { [P in PartName]?: Cell[][] };

/** The rows that a flush writes: every table is a projection of the events, in the transaction that records them. */
export function rowsOf(batch: readonly Recording[], context: WriteContext, planOf: (hash: string) => Plan): Rows {
  const rows: Rows = {};
  const put = (part: PartName, ...cells: Cell[]): void => void (rows[part] ??= []).push(cells);
  for (const recording of batch) project(recording, context, planOf, put);
  return rows;
}

type Put = (part: PartName, ...cells: Cell[]) => void;

/** What several events of one flush say about the same row becomes one row: a statement may touch a row only once. */
type Pending = {
  readonly recording: Recording;
  readonly context: WriteContext;
  readonly bucket: number;
  readonly planOf: (hash: string) => Plan;
  readonly put: Put;
  /** The stage as the events have it so far. */
  stage: string;
  entry: number;
  configHash: string;
  readonly units: Map<string, UnitRow>;
  readonly tasks: Map<string, { readonly event: TaskEvent | null; readonly of: { work_id: string; task_id: string } }>;
  // Most flushes have none of these.
  cancelled?: Set<string>;
  current?: Map<string, Observation>;
  verdicts?: Map<string, Cell[]>;
  approvals?: Map<string, ApprovalRow>;
};

type UnitRow = {
  isNew: boolean;
  stage: string;
  entry: number;
  templateId: string;
  status: string;
  owner: number | null;
  ended: boolean;
  results: Json;
};
type TaskEvent = Extract<JourneyEvent, { type: 'task_dispatched' | 'task_waiting_for_input' | 'task_attempt_failed' }>;
type ApprovalRow = {
  asked: (ApprovalRequested & { stage: string }) | null;
  status: string;
  votes: string[];
  by: string | null;
  reason: string | null;
};

function project(recording: Recording, context: WriteContext, planOf: (hash: string) => Plan, put: Put): void {
  const { before, clientId } = recording;
  const pending: Pending = {
    recording,
    context,
    bucket: bucketOf(clientId),
    planOf,
    put,
    stage: before?.stage ?? '',
    entry: before?.stageEntry ?? 0,
    configHash: before?.configHash ?? '',
    units: new Map(),
    tasks: new Map(),
  };
  journeyRow(recording, put);
  for (const event of recording.events) eventRows(pending, event);
  unitRows(pending);
  roomRows(pending);
  currentRows(pending);
  for (const row of pending.verdicts?.values() ?? []) put('evaluation', ...row);
  approvalRows(pending);
  for (const { principal, key, requestHash, response } of recording.answers)
    put('answer', clientId, pending.bucket, principal, key, requestHash, JSON.stringify(response));
}

function journeyRow({ before, journey, admits }: Recording, put: Put): void {
  const { clientId, run, status, stage, previousStage, stageEntry, version, enteredVersion, holdsSlot } = journey;
  if (before && isOnlyTouched(before, journey)) return put('journey_touch', clientId, before.version, version);
  const fields: Cell[] = [
    run,
    status,
    stage,
    previousStage,
    stageEntry,
    version,
    enteredVersion,
    holdsSlot,
    journey.startedAt,
    journey.stageStartedAt,
    list(journey.completedStages),
    journey.configHash,
    journey.startedBy,
    JSON.stringify(journey.inputs),
    JSON.stringify(journey.metadata),
    admits,
  ];
  if (before) put('journey_update', clientId, before.version, ...fields);
  else put('journey_insert', clientId, bucketOf(clientId), ...fields);
}

/** Most flushes move only the version of most journeys. */
const isOnlyTouched = (before: Journey, after: Journey): boolean =>
  before.stageEntry === after.stageEntry &&
  before.status === after.status &&
  before.run === after.run &&
  before.inputs === after.inputs &&
  before.metadata === after.metadata;

/** Slugs and ids need no quotes in an array literal. */
const list = (ids: readonly string[]): string => `{${ids.join(',')}}`;

function eventRows(pending: Pending, recorded: RecordedEvent): void {
  const { recording, bucket, put } = pending;
  const { clientId } = recording;
  const { event, seq, actor, door, requestId } = recorded;
  put('event', clientId, bucket, seq, event.type, dataOf(event), actor, door, requestId);
  switch (event.type) {
    case 'journey_started':
      pending.stage = event.stage;
      pending.configHash = event.config_hash;
      return;
    case 'stage_entered':
      return stageEntered(pending, recorded, event);
    case 'task_dispatched':
    case 'task_waiting_for_input':
    case 'task_attempt_failed':
      return void pending.tasks.set(`${event.work_id}/${event.task_id}`, { event, of: event });
    case 'task_succeeded':
      pending.tasks.set(`${event.work_id}/${event.task_id}`, { event: null, of: event });
      return evidenceRows(pending, seq, event.observations ?? []);
    case 'unit_completed':
    case 'unit_failed':
    case 'unit_cancelled':
      return unitEnded(pending, event.work_id, event.type, recorded);
    case 'unit_taken_over':
      return void (unitRow(pending, event.work_id).owner = event.to);
    case 'tasks_retried':
      return void Object.assign(unitRow(pending, event.work_id), {
        owner: event.owner,
        status: 'in_progress',
        ended: false,
        results: null,
      });
    case 'evidence_recorded':
      return evidenceRows(pending, seq, event.observations);
    case 'criteria_judged':
      for (const { check_id, outcome, code, message, measured, target, observed_at } of event.verdicts)
        (pending.verdicts ??= new Map()).set(check_id, [
          clientId,
          bucket,
          pending.entry,
          check_id,
          pending.stage,
          outcome,
          code,
          message,
          json(measured),
          json(target),
          observed_at,
        ]);
      return;
    case 'approval_requested':
      return void (pending.approvals ??= new Map()).set(event.approval_id, {
        asked: { ...event, stage: pending.stage },
        status: 'open',
        votes: [],
        by: null,
        reason: null,
      });
    case 'approval_decided': {
      const row = approvalRow(pending, event.approval_id);
      row.status = event.status;
      if (event.decision === 'approve') row.votes.push(event.by);
      row.by = event.status === 'open' ? null : event.by;
      row.reason = event.reason;
      return;
    }
    case 'approval_voided':
      return void Object.assign(approvalRow(pending, event.approval_id), { status: 'void', reason: event.why });
    case 'journey_completed':
      return outboxRows(pending, seq, { type: 'journey.completed', stage: pending.stage, reason: event.reason });
    case 'journey_rolled_back':
    case 'input_provided':
  }
}

/** The event without its type, which has a column of its own. Every event is made with its type first. */
function dataOf(event: JourneyEvent): string {
  const text = JSON.stringify(event);
  const prefix = event.type.length + '{"type":"",'.length;
  return text.length > prefix ? `{${text.slice(prefix)}` : '{}';
}

const json = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

function stageEntered(pending: Pending, { seq, actor }: RecordedEvent, event: StageEntered): void {
  const { recording, bucket, put, context, planOf } = pending;
  const { clientId } = recording;
  put(
    'transition',
    clientId,
    bucket,
    seq,
    `tr-${clientId}:${seq}`,
    event.kind,
    event.from,
    event.stage,
    event.reason,
    json(event.results),
    null,
    event.config_hash,
    list(event.approval_id === undefined ? [] : [`"${event.approval_id}"`]),
    actor,
  );
  pending.stage = event.stage;
  pending.entry = event.entry;
  pending.configHash = event.config_hash;
  for (const { work_id, template_id } of event.units)
    pending.units.set(work_id, {
      isNew: true,
      stage: event.stage,
      entry: event.entry,
      templateId: template_id,
      status: 'in_progress',
      owner: event.owner,
      ended: false,
      results: null,
    });
  if (event.kind === 'start' || event.kind === 'rollback') put('check', clientId, bucket, context.dueAt);
  const { kind, from, stage, entry, reason } = event;
  outboxRows(pending, seq, { type: `journey.${kind}`, from, to: stage, stage_entry: entry, reason });
  // A stage plan that is not known here cannot have been decided on here.
  if (!stageOf(planOf(event.config_hash), event.stage))
    throw new Error(`Config ${event.config_hash} has no stage ${event.stage}.`);
}

function outboxRows({ recording, bucket, context, put }: Pending, seq: number, message: { [key: string]: Json }): void {
  if (context.destinations.length === 0) return;
  const text = JSON.stringify({ ...message, client_id: recording.clientId, seq, at: context.now });
  for (const destination of context.destinations)
    put('outbox', recording.clientId, bucket, destination, seq, text, context.machineNow);
}

function unitRow(pending: Pending, workId: string): UnitRow {
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

function unitEnded(
  pending: Pending,
  workId: string,
  type: 'unit_completed' | 'unit_failed' | 'unit_cancelled',
  at: RecordedEvent,
): void {
  const row = unitRow(pending, workId);
  row.status = type.slice('unit_'.length);
  row.owner = null;
  row.ended = true;
  if (type === 'unit_completed') row.results = resultsOf(pending.recording, workId, at.seq);
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

function unitRows({ recording, bucket, context, planOf, units, put, configHash }: Pending): void {
  const { clientId } = recording;
  for (const [workId, { isNew, stage, entry, templateId, status, owner, ended, results }] of units) {
    const completedAt = ended ? context.now : null;
    const outputs = results === null ? null : JSON.stringify(results);
    if (!isNew) {
      put('unit_update', clientId, entry, templateId, status, owner, outputs, completedAt);
      continue;
    }
    const template = stageOf(planOf(configHash), stage)?.templates.find(({ id }) => id === templateId);
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
      template?.snapshot ?? '[]',
      outputs,
      completedAt,
    );
  }
}

function roomRows({ recording, bucket, context, tasks, cancelled, put, units, planOf }: Pending): void {
  const { clientId, before } = recording;
  for (const { event, of } of tasks.values()) {
    if (event === null || leavesTheRoom(event)) {
      // The first attempt in this process never had a row.
      if (before?.units.some(({ workId, tasks: known }) => workId === of.work_id && known[of.task_id]))
        put('room_delete', clientId, of.work_id, of.task_id);
      continue;
    }
    put(
      'room_put',
      clientId,
      bucket,
      of.work_id,
      of.task_id,
      ...roomCells(event, intentOf(recording, event, planOf), context),
    );
  }
  for (const workId of cancelled ?? []) {
    if (units.get(workId)?.isNew) continue;
    put('room_cancel', clientId, workId, context.machineNow);
    put('room_clear', clientId, workId);
  }
}

/** Events name the task; what it intends stands in the plan that the journey has pinned. */
function intentOf(
  { before, journey }: Recording,
  { work_id, task_id }: TaskEvent,
  planOf: (hash: string) => Plan,
): string {
  for (const { units, stage, configHash } of before ? [journey, before] : [journey]) {
    const unit = units.find(({ workId }) => workId === work_id);
    const template = unit && stageOf(planOf(configHash), stage)?.templates.find(({ id }) => id === unit.templateId);
    const task = template?.tasks.find(({ id }) => id === task_id);
    if (task) return task.intent;
  }
  throw new Error(`An event names ${task_id} in ${work_id}, which no plan of the journey knows.`);
}

/** In this process, or failed for good: it waits for nothing. */
const leavesTheRoom = (event: TaskEvent): boolean =>
  (event.type === 'task_dispatched' && event.via === 'in_process') ||
  (event.type === 'task_attempt_failed' && event.retry_at === null);

function roomCells(event: TaskEvent, intent: string, { follower, machineNow }: WriteContext): Cell[] {
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
      ];
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
      ];
  }
}

function evidenceRows(pending: Pending, seq: number, observations: readonly Observation[]): void {
  if (observations.length === 0) return;
  const { recording, bucket, put } = pending;
  const current = (pending.current ??= new Map());
  for (const [ordinal, seen] of observations.entries()) {
    const { kind, subject, origin } = seen;
    put(
      'evidence',
      recording.clientId,
      bucket,
      seq,
      ordinal,
      kind,
      subject,
      JSON.stringify(seen.value),
      seen.observedAt,
      seen.source,
      origin,
      seen.recordedBy,
      seen.stageEntry,
    );
    const key = `${kind}\n${subject}\n${origin}`;
    const other = current.get(key);
    if (!other || succeeds(seen, other)) current.set(key, seen);
  }
}

function currentRows({ recording, bucket, current, put }: Pending): void {
  for (const { kind, subject, origin, value, observedAt, source, recordedBy, stageEntry } of current?.values() ?? [])
    put(
      'evidence_current',
      recording.clientId,
      bucket,
      kind,
      subject,
      origin,
      JSON.stringify(value),
      observedAt,
      source,
      recordedBy,
      stageEntry,
    );
}

function approvalRow(pending: Pending, id: string): ApprovalRow {
  const there = pending.approvals?.get(id);
  if (there) return there;
  const row: ApprovalRow = { asked: null, status: 'open', votes: [], by: null, reason: null };
  (pending.approvals ??= new Map()).set(id, row);
  return row;
}

function approvalRows({ recording, bucket, approvals, put }: Pending): void {
  const { clientId } = recording;
  for (const [id, { asked, status, votes, by, reason }] of approvals ?? []) {
    const tail: Cell[] = [by, reason, status !== 'open'];
    if (!asked) put('approval_update', clientId, id, status, JSON.stringify(votes), ...tail);
    else
      put(
        'approval_insert',
        clientId,
        bucket,
        id,
        asked.stage,
        asked.entry,
        asked.check_id,
        status,
        asked.digest,
        JSON.stringify(asked.outcomes),
        JSON.stringify(asked.approvers),
        asked.min_approvals,
        JSON.stringify(votes),
        asked.expires_at,
        ...tail,
      );
  }
}
