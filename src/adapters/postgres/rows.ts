import { bucketOf } from '#core/bucket.ts';
import { stageOf, type Plan } from '#core/plan.ts';
import { COMPENSATION, compensationUnit } from '#core/journey/compensation-unit.ts';
import type {
  CompensationPlanned,
  JourneyEvent,
  StageEntered,
  StageTransitionTimedOut,
  TransitionKind,
} from '#core/journey/events.ts';
import type { Instant } from '#core/time.ts';
import type { Journey } from '#core/journey/journey.ts';
import { isWanted, messageOf, toldTo } from '#core/journey/messages.ts';
import type { RecordedEvent, Recording, WriteContext } from '#application/ports.ts';
import { addRow, isoOf, noColumns, type Cell, type Columns } from './encode.ts';
import { approvalRow, approvalRows, currentRows, evidenceRows } from './judgement-rows.ts';
import { typesOf, type PartName } from './parts.ts';
import { json, list, type Pending, type Put } from './pending-rows.ts';
import { resumed, roomRows, unitEnded, unitRow, unitRows } from './work-rows.ts';

export type Rows = { [P in PartName]?: Columns };

/** The rows that a flush writes: every table is a projection of the events, in the transaction that records them. */
export function rowsOf(batch: readonly Recording[], context: WriteContext, planOf: (hash: string) => Plan): Rows {
  const rows: Rows = {};
  const put = (part: PartName, ...cells: Cell[]): void =>
    addRow((rows[part] ??= noColumns(typesOf[part].length)), typesOf[part], cells);
  for (const recording of batch) project(recording, context, planOf, put);
  return rows;
}

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
  if (recording.lookAt !== null) lookBy(pending, recording.lookAt);
  if (pending.lookBy !== undefined) put('check', clientId, pending.bucket, pending.lookBy);
  unitRows(pending);
  roomRows(pending);
  currentRows(pending);
  for (const row of pending.verdicts?.values() ?? []) put('evaluation', ...row);
  approvalRows(pending);
  for (const { principal, key, requestHash, response } of recording.answers)
    put('answer', clientId, pending.bucket, principal, key, requestHash, JSON.stringify(response));
}

function journeyRow({ before, journey, admits }: Recording, put: Put): void {
  const { clientId, run, status, stage, previousStage, stageEntry, version, enteredVersion, holdsSlot, waits } =
    journey;
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
    journey.pause?.since ?? null,
    String(waits.spent.paused),
    String(waits.pausedWeekdays_ms),
    status === 'completed' ? waits.since : null,
    JSON.stringify(journey.rolledBackAt),
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

function eventRows(pending: Pending, recorded: RecordedEvent): void {
  const { recording, bucket, put } = pending;
  const { clientId } = recording;
  const { event, seq, actor, door, requestId } = recorded;
  put('event', clientId, bucket, seq, event.type, dataOf(event), actor, door, requestId);
  messageRows(pending, recorded);
  switch (event.type) {
    case 'journey_started':
      pending.stage = event.stage;
      pending.configHash = event.config_hash;
      return;
    case 'stage_entered':
      return stageEntered(pending, recorded, event);
    case 'task_dispatched':
    case 'task_waiting_for_input':
    case 'task_waiting_for_breaker':
    case 'task_claimed':
    case 'task_interrupted':
    case 'task_continued':
    case 'task_answered':
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
      return void (approvalRow(pending, event.approval_id).asked = { ...event, stage: pending.stage });
    case 'approval_decided': {
      const row = approvalRow(pending, event.approval_id);
      row.status = event.status;
      if (event.decision === 'approve') row.votes.push(event.by);
      row.by = event.status === 'open' ? null : event.by;
      row.reason = event.reason;
      row.said = true;
      return;
    }
    case 'approval_voided':
      return void Object.assign(approvalRow(pending, event.approval_id), {
        status: 'void',
        reason: event.why,
        said: true,
      });
    case 'approval_reminded':
      return void (approvalRow(pending, event.approval_id).reminders = event.reminder);
    case 'stage_transition_timed_out':
      return transitionTimedOut(pending, recorded, event);
    case 'journey_resumed':
      resumed(pending);
      // What time has changed meanwhile is looked at soon.
      return void (pending.lookBy = pending.context.dueAt);
    case 'compensation_planned':
      return compensationPlanned(pending, event);
    case 'journey_completed':
    case 'journey_paused':
    case 'override_requested':
    case 'override_confirmed':
    case 'journey_rolled_back_automatically':
    case 'automatic_rollback_refused':
    case 'criteria_tracked':
    case 'criterion_regressed':
    case 'goals_judged':
    case 'journey_rolled_back':
    case 'input_provided':
    case 'stage_duration_at_risk':
    case 'stage_duration_breached':
    case 'exit_criteria_validation_timed_out':
    case 'rollback_initiation_timed_out':
    case 'delivery_given_up':
  }
}

/** The event without its type, which has a column of its own. Every event is made with its type first. */
function dataOf(event: JourneyEvent): string {
  const text = JSON.stringify(event);
  const prefix = event.type.length + '{"type":"",'.length;
  return text.length > prefix ? `{${text.slice(prefix)}` : '{}';
}

function stageEntered(pending: Pending, recorded: RecordedEvent, event: StageEntered): void {
  const { from, stage, reason, approval_id } = event;
  transitionRow(pending, recorded, event.kind, from, stage, reason, {
    results: json(event.results),
    approvals: approval_id === undefined ? [] : [`"${approval_id}"`],
    result: 'success',
    timeSplit: json(event.time_split_ms),
    configHash: event.config_hash,
    requestedBy: event.override?.requested_by,
    confirmedBy: event.override?.confirmed_by,
  });
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
  if (event.kind === 'start' || event.kind === 'rollback') pending.lookBy = pending.context.dueAt;
  // A stage plan that is not known here cannot have been decided on here.
  if (!stageOf(pending.planOf(event.config_hash), event.stage))
    throw new Error(`Config ${event.config_hash} has no stage ${event.stage}.`);
}

function compensationPlanned(pending: Pending, event: CompensationPlanned): void {
  const unit = compensationUnit(pending.entry, event, pending.context.now);
  if (!unit) return;
  pending.units.set(unit.workId, {
    isNew: true,
    stage: pending.stage,
    entry: pending.entry,
    templateId: COMPENSATION,
    status: unit.status,
    owner: unit.owner,
    ended: false,
    results: null,
    ...(unit.definition ? { snapshot: unit.definition.snapshot } : {}),
  });
}

function transitionTimedOut(pending: Pending, recorded: RecordedEvent, event: StageTransitionTimedOut): void {
  const reason = `Given up after ${event.waited_seconds} s.`;
  transitionRow(pending, recorded, event.kind, event.from, event.to, reason, {
    results: null,
    approvals: [],
    result: 'timeout',
    timeSplit: null,
    configHash: pending.configHash,
  });
}

type Transition = {
  readonly results: string | null;
  readonly approvals: readonly string[];
  readonly result: 'success' | 'timeout';
  readonly timeSplit: string | null;
  readonly configHash: string;
  /** For an override: the two people; unset: whoever sent the command. */
  readonly requestedBy?: string | undefined;
  readonly confirmedBy?: string | undefined;
};

function transitionRow(
  { recording: { clientId }, bucket, put }: Pending,
  { seq, actor }: RecordedEvent,
  kind: TransitionKind,
  from: string | null,
  to: string,
  reason: string,
  { results, approvals, result, timeSplit, configHash, requestedBy = actor, confirmedBy = '' }: Transition,
): void {
  const id = `tr-${clientId}:${seq}`;
  const cells = [kind, from, to, reason, results, null, configHash, list(approvals), requestedBy, confirmedBy];
  put('transition', clientId, bucket, seq, id, ...cells, result, timeSplit);
}

/** Looks are never further away than the base interval: only what is due sooner moves them. */
function lookBy(pending: Pending, at: Instant): void {
  if (at < (pending.lookBy ?? pending.context.dueAt)) pending.lookBy = at;
}

/** One row a destination that wants to be told; where none does, nothing is made. */
function messageRows({ recording, bucket, context, put, stage }: Pending, { seq, event }: RecordedEvent): void {
  const told = isWanted(context.destinations, event) ? messageOf(event, stage) : undefined;
  if (!told) return;
  const { clientId } = recording;
  const data = { client_id: clientId, seq, ...told.data };
  const message = JSON.stringify({ type: told.type, timestamp: isoOf(context.now), data });
  for (const name of toldTo(context.destinations, told, clientId, stage))
    put('outbox', clientId, bucket, name, seq, message, context.machineNow);
}
