import type { JsonObject } from '../json.ts';
import type { Instant } from '../time.ts';
import type { EvidenceBook, Observation } from '../criteria/evidence.ts';
import { erasedJourney } from './erased.ts';
import { progressOf, type TaskProgress, type Unit } from '../work/unit.ts';
import { freshEntry, type Approval, type DoneTasks, type Journey, type RecordedVerdict } from './journey.ts';
import { evolveLifecycle } from './evolve-lifecycle.ts';
import { waitsAfter, waitsFrom } from './time-split.ts';
import type { CriteriaJudged, JourneyEvent, JourneyStarted, StageEntered, TaskAnswered } from './events.ts';

/**
 * The journey after one more event. Total: an event that was recorded has happened, so nothing is refused here.
 * `null` is the journey that has no events yet; only `journey_started` may meet it.
 */
export function evolve(journey: Journey | null, event: JourneyEvent, clientId: string, at: Instant): Journey {
  if (event.type === 'journey_started') return started(journey, event, clientId, at);
  if (!journey) throw new Error(`The first event of ${clientId} is ${event.type}, not journey_started.`);
  // What `applied` answers is new and ours; copying its two dozen fields a second time was 5 % of a flush.
  const next: Mutable<Journey> = applied(journey, event, at);
  next.version = journey.version + 1;
  if (mayWaitForOthers(journey, next)) next.waits = waitsAfter(next.waits, next, at);
  if (event.type === 'stage_entered') next.enteredVersion = next.version;
  return next;
}

/** Most events change nothing about who has to do something next. */
const mayWaitForOthers = (before: Journey, after: Journey): boolean =>
  before.units !== after.units || before.approval !== after.approval || before.status !== after.status;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Always a new object, also where nothing but the version changes. */
function applied(journey: Journey, event: Exclude<JourneyEvent, JourneyStarted>, at: Instant): Journey {
  switch (event.type) {
    case 'stage_entered':
      return entered(journey, event, at);
    case 'journey_rolled_back':
    case 'stage_transition_timed_out':
    case 'exit_criteria_validation_timed_out':
    case 'rollback_initiation_timed_out':
    case 'delivery_given_up':
      return { ...journey };
    case 'journey_completed':
      return {
        ...journey,
        status: 'completed',
        holdsSlot: false,
        pause: null,
        override: null,
      };
    case 'client_erased':
      return erasedJourney(journey);
    case 'input_provided':
      return { ...journey, inputs: { ...journey.inputs, ...event.inputs } };
    case 'task_dispatched':
      return withTask(journey, event, at, { status: event.via === 'pull' ? 'ready' : 'running', via: event.via });
    case 'task_waiting_for_input':
      return withTask(journey, event, at, { status: 'waiting_for_input', missing: event.missing });
    case 'task_waiting_for_breaker':
      return withTask(journey, event, at, { status: 'waiting_for_breaker' });
    case 'task_claimed':
      return withTask(journey, event, at, { status: 'running', via: 'pull', claimedBy: event.by });
    case 'task_interrupted':
      return withTask(journey, event, at, { status: 'running', via: 'a2a', question: event.question });
    case 'task_continued':
      return withTask(journey, event, at, { status: 'running', via: 'a2a' });
    case 'task_answered':
      return withAnswer(journey, event);
    case 'task_succeeded':
      return withEvidence(
        withTask(journey, event, at, { status: 'succeeded', output: event.output }),
        event.observations ?? [],
      );
    case 'task_attempt_failed':
      return event.retry_at === null
        ? withTask(journey, event, at, { status: 'failed', error: event.error })
        : withTask(journey, { ...event, attempt: event.attempt + 1 }, at, {
            status: 'retry_wait',
            error: event.error,
            retryAt: event.retry_at,
          });
    case 'unit_completed':
      return endedUnit(journey, event.work_id, 'completed', at);
    case 'unit_failed':
      return withUnit(journey, event.work_id, (unit) => ({ ...unit, status: 'failed', finishedAt: at }));
    case 'unit_cancelled':
      return endedUnit(journey, event.work_id, 'cancelled', at);
    case 'unit_taken_over':
      return withUnit(journey, event.work_id, (unit) => ({ ...unit, owner: event.to }));
    case 'tasks_retried':
      return withUnit(journey, event.work_id, (unit) => ({
        ...retried(unit, event.task_ids, event.owner, at),
        pausedBefore_ms: journey.waits.spent.paused,
      }));
    case 'evidence_recorded':
      return withEvidence({ ...journey }, event.observations);
    case 'criteria_judged':
      return { ...journey, verdicts: { ...journey.verdicts, ...recorded(event) } };
    case 'approval_requested':
      return { ...journey, approval: requested(event, at) };
    case 'approval_decided':
      return withApproval(journey, event.approval_id, (approval) => ({
        ...approval,
        status: event.status,
        votes: event.decision === 'approve' ? [...approval.votes, event.by] : approval.votes,
        decidedBy: event.status === 'open' ? null : event.by,
        reason: event.reason,
      }));
    case 'approval_voided':
      return withApproval(journey, event.approval_id, (approval) => ({
        ...approval,
        status: 'void',
        reason: event.why,
        changed: event.changed,
      }));
    case 'approval_reminded':
      return withApproval(journey, event.approval_id, (approval) => ({
        ...approval,
        reminders: event.reminder,
        remindedAt: at,
      }));
    case 'stage_duration_at_risk':
      return { ...journey, duration: 'at_risk' };
    case 'stage_duration_breached':
      return { ...journey, duration: 'breached' };
    default:
      return evolveLifecycle(journey, event, at);
  }
}

function started(before: Journey | null, event: JourneyStarted, clientId: string, at: Instant): Journey {
  const version = (before?.version ?? 0) + 1;
  return {
    clientId,
    run: event.run,
    status: 'queued',
    stage: event.stage,
    previousStage: null,
    stageEntry: before?.stageEntry ?? 0,
    version,
    enteredVersion: version,
    startedAt: at,
    stageStartedAt: at,
    completedStages: [],
    configHash: event.config_hash,
    inputs: event.inputs,
    metadata: event.metadata,
    startedBy: event.started_by,
    holdsSlot: false,
    units: [],
    outputs: {},
    evidence: before?.evidence ?? {},
    ...freshEntry,
    entryKind: 'start',
    done: {},
    rolledBackAt: [],
    waits: waitsFrom(at),
  };
}

function entered(journey: Journey, event: StageEntered, at: Instant): Journey {
  return {
    ...journey,
    status: 'active',
    stage: event.stage,
    previousStage: event.from,
    stageEntry: event.entry,
    stageStartedAt: at,
    completedStages: event.completed_stages,
    configHash: event.config_hash,
    holdsSlot: event.holds_slot,
    units: event.units.map(({ work_id, template_id }) => ({
      workId: work_id,
      templateId: template_id,
      stageEntry: event.entry,
      status: 'in_progress',
      owner: event.owner,
      tasks: {},
      startedAt: at,
      pausedBefore_ms: 0,
      finishedAt: null,
    })),
    ...freshEntry,
    entryKind: event.kind,
    waits: waitsFrom(at),
  };
}

const withUnit = (journey: Journey, workId: string, change: (unit: Unit) => Unit): Journey => ({
  ...journey,
  units: journey.units.map((unit) => (unit.workId === workId ? change(unit) : unit)),
});

type OfTask = {
  readonly work_id: string;
  readonly task_id: string;
  readonly generation: number;
  readonly attempt: number;
};

const withTask = (
  journey: Journey,
  of: OfTask,
  since: Instant,
  progress: Omit<TaskProgress, 'generation' | 'attempt' | 'since'>,
): Journey =>
  withUnit(journey, of.work_id, (unit) => ({
    ...unit,
    tasks: { ...unit.tasks, [of.task_id]: { ...progress, generation: of.generation, attempt: of.attempt, since } },
  }));

const withAnswer = (journey: Journey, { work_id, task_id, answer }: TaskAnswered): Journey =>
  withUnit(journey, work_id, (unit) => ({
    ...unit,
    tasks: { ...unit.tasks, [task_id]: { ...progressOf(unit, task_id), answer } },
  }));

/** What has succeeded in it stays done and is handed on, also where the rest of it was cancelled. */
function endedUnit(journey: Journey, workId: string, status: 'completed' | 'cancelled', at: Instant): Journey {
  const next = withUnit(journey, workId, (unit) => ({ ...unit, status, finishedAt: at }));
  const unit = next.units.find((one) => one.workId === workId);
  // What undid something has nothing to hand on to later tasks.
  if (!unit || unit.definition) return next;
  const over = next.units
    .filter((one) => (one.status === 'completed' || one.status === 'cancelled') && !one.definition)
    .toSorted((one, other) => (one.templateId < other.templateId ? -1 : 1));
  const outputs = Object.assign({}, next.outputs[next.stage], ...over.map(outputsOf)) as JsonObject;
  const succeeded = Object.keys(unit.tasks).filter((id) => progressOf(unit, id).status === 'succeeded');
  return {
    ...next,
    outputs: { ...next.outputs, [next.stage]: outputs },
    done: { ...next.done, [next.stage]: withDone(next.done[next.stage], unit.stageEntry, succeeded) },
  };
}

/** Sorted, so that it does not depend on the order in which units ended. */
export const withDone = (known: DoneTasks | undefined, entry: number, ids: readonly string[]): DoneTasks => ({
  entry,
  tasks: [...new Set([...(known?.entry === entry ? known.tasks : []), ...ids])].toSorted(),
});

/** All outputs of a unit's tasks by name. */
export function outputsOf({ tasks }: Unit): JsonObject {
  const byTask: Record<string, JsonObject> = {};
  for (const id in tasks) {
    const output = tasks[id]?.output;
    if (output) byTask[id] = output;
  }
  return mergedOutputs(byTask);
}

/**
 * Of two tasks with the same output name, the one whose id sorts last counts. Any order would do that does not depend on
 * who finished first: the store keeps results by task id, so that a loaded journey would else differ from a warm one.
 */
export const mergedOutputs = (byTask: { readonly [taskId: string]: JsonObject }): JsonObject =>
  Object.assign(
    {},
    ...Object.keys(byTask)
      .toSorted()
      .map((id) => byTask[id]),
  ) as JsonObject;

function retried(unit: Unit, taskIds: readonly string[], owner: number | null, at: Instant): Unit {
  const again = Object.fromEntries(
    taskIds.map((id) => [
      id,
      { status: 'planned', generation: progressOf(unit, id).generation + 1, attempt: 1, since: at } as const,
    ]),
  );
  return { ...unit, status: 'in_progress', owner, startedAt: at, finishedAt: null, tasks: { ...unit.tasks, ...again } };
}

function withEvidence(journey: Journey, observations: readonly Observation[]): Journey {
  if (observations.length === 0) return journey;
  return { ...journey, evidence: observations.reduce(noted, journey.evidence) };
}

function noted(book: EvidenceBook, observation: Observation): EvidenceBook {
  const known = book[observation.kind] ?? [];
  const same = (other: Observation) => other.subject === observation.subject && other.origin === observation.origin;
  const before = known.find(same);
  if (before && !succeeds(observation, before)) return book;
  return { ...book, [observation.kind]: [...(before ? known.filter((other) => !same(other)) : known), observation] };
}

/** A later stage entry always succeeds: an observation dated into the future must not outlive a rollback. */
export const succeeds = (later: Observation, earlier: Observation): boolean =>
  later.stageEntry !== earlier.stageEntry
    ? later.stageEntry > earlier.stageEntry
    : later.observedAt >= earlier.observedAt;

const recorded = (event: CriteriaJudged): { readonly [checkId: string]: RecordedVerdict } =>
  Object.fromEntries(
    event.verdicts.map(({ check_id, outcome, code, measured }) => [
      check_id,
      { outcome, code, ...(measured === undefined ? {} : { measured }) },
    ]),
  );

function requested(event: Extract<JourneyEvent, { type: 'approval_requested' }>, at: Instant): Approval {
  return {
    id: event.approval_id,
    checkId: event.check_id,
    stageEntry: event.entry,
    status: 'open',
    digest: event.digest,
    outcomes: event.outcomes,
    requestedAt: at,
    expiresAt: event.expires_at,
    votes: [],
    decidedBy: null,
    reason: null,
    changed: [],
    reminders: 0,
    remindedAt: null,
  };
}

const withApproval = (journey: Journey, id: string, change: (approval: Approval) => Approval): Journey => ({
  ...journey,
  approval: journey.approval?.id === id ? change(journey.approval) : journey.approval,
});
