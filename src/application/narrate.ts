import type { JsonObject } from '#core/json.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Logger, RecordedEvent, Recording } from './ports.ts';
import { traceIdOf } from './tracer.ts';

/**
 * Writes the turns of journeys into the log once they are fact: what a runbook greps for by client, journey, unit of work
 * or request. Results that are as they should be are not told: a journey has dozens, and its history has them all.
 */
export function narrate(logger: Logger, recordings: readonly Recording[]): void {
  for (const { clientId, journey, events } of recordings)
    for (const recorded of events) tell(logger, `${clientId}:${journey.run}`, clientId, recorded);
}

function tell(
  logger: Logger,
  journeyId: string,
  clientId: string,
  { seq, event, actor, requestId }: RecordedEvent,
): void {
  const turn = turnOf(event);
  if (!turn) return;
  const { level, message, fields, component } = turn;
  const ids = { client_id: clientId, journey_id: journeyId, trace_id: traceIdOf(requestId) };
  logger[level](message, { component, ...ids, ...fields, actor, seq });
}

type Turn = {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly component: 'journeys' | 'task-executor';
  readonly fields: JsonObject;
};

const ofJourney = (message: string, fields: JsonObject): Turn => ({
  level: 'info',
  message,
  component: 'journeys',
  fields,
});
const ofWork = (level: Turn['level'], message: string, fields: JsonObject): Turn => ({
  level,
  message,
  component: 'task-executor',
  fields,
});

function turnOf(event: JourneyEvent): Turn | undefined {
  switch (event.type) {
    case 'journey_started':
      return ofJourney('A journey has started.', { stage: event.stage });
    case 'stage_entered':
      return ofJourney('A stage was entered.', { stage: event.stage, from: event.from, kind: event.kind });
    case 'journey_completed':
      return ofJourney('A journey is completed.', {});
    case 'journey_paused':
      return ofJourney('A journey is paused.', {});
    case 'journey_resumed':
      return ofJourney('A journey goes on.', { paused_ms: event.paused_ms });
    case 'override_requested':
      return ofJourney('An override of a shut gate was asked for.', { by: event.by, missing: event.missing });
    case 'client_erased':
      return ofJourney('A client is being erased.', {});
    case 'task_waiting_for_input':
      return ofWork('info', 'A task waits for an input.', { ...taskFields(event), missing: event.missing });
    case 'task_waiting_for_breaker':
      return ofWork('info', 'A task waits for the circuit breaker of its intent.', taskFields(event));
    case 'task_interrupted':
      return ofWork('info', 'The agent of a task asks for something.', {
        ...taskFields(event),
        needs: event.question.needs,
      });
    case 'task_continued':
      return ofWork('info', 'The agent of a task goes on.', taskFields(event));
    case 'task_answered':
      return ofWork('info', 'The question of an agent was answered.', taskFields(event));
    case 'task_attempt_failed':
      return ofWork('warn', 'An attempt at a task has failed.', {
        ...taskFields(event),
        code: event.error.code,
        again: event.retry_at !== null,
      });
    case 'tasks_retried':
      return ofWork('info', 'Failed tasks begin anew.', { work_id: event.work_id, task_ids: event.task_ids });
    case 'unit_completed':
    case 'unit_cancelled':
      return ofWork('info', `A unit of work is ${event.type.slice('unit_'.length)}.`, { work_id: event.work_id });
    case 'unit_failed':
      return ofWork('warn', 'A unit of work has failed.', { work_id: event.work_id });
    case 'unit_taken_over':
      return ofWork('info', 'A unit of work was taken over.', {
        work_id: event.work_id,
        from: event.from,
        to: event.to,
      });
    default:
      return undefined;
  }
}

const taskFields = ({
  work_id,
  task_id,
  attempt,
}: {
  readonly work_id: string;
  readonly task_id: string;
  readonly attempt: number;
}): JsonObject => ({ work_id, task_id, attempt });
