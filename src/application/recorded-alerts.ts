import type { JsonObject } from '#core/json.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { RaiseAlert } from './alerts.ts';
import type { RecordedEvent, Recording } from './ports.ts';

/** Wakes somebody for what has just become fact. The process that recorded it tells, so that it is told once. */
export function alertWhatWasRecorded(recordings: readonly Recording[], raise: RaiseAlert): void {
  for (const { clientId, events } of recordings) for (const recorded of events) alertOn(clientId, recorded, raise);
}

function alertOn(client_id: string, { event, door }: RecordedEvent, raise: RaiseAlert): void {
  switch (event.type) {
    case 'criterion_regressed':
      return raise('criterion_regressed', `${event.check_id} had passed and has failed: ${event.message}`, {
        client_id,
        check_id: event.check_id,
      });
    case 'goals_judged':
      for (const { metric, health, message } of event.goals)
        if (health === 'at_risk') raise('goal_at_risk', `${metric} is at risk: ${message}`, { client_id, metric });
      return;
    case 'journey_rolled_back_automatically':
      return raise('journey_rolled_back_automatically', event.reason, {
        client_id,
        from: event.from,
        to: event.to,
      });
    case 'automatic_rollback_refused':
      return raise('automatic_rollback_refused', event.message, { client_id, stage: event.stage, why: event.why });
    case 'task_attempt_failed':
      if (event.error.code === 'task.timed_out' || event.error.code === 'unit.timed_out')
        raise('task_timed_out', `${event.task_id} of ${event.work_id}: ${event.error.message}`, {
          client_id,
          work_id: event.work_id,
          task_id: event.task_id,
          attempt: event.attempt,
        });
      return;
    case 'task_interrupted':
      return raise('task_interrupted', `The agent of ${event.task_id} waits for ${neededBy(event)}.`, {
        client_id,
        work_id: event.work_id,
        task_id: event.task_id,
        asked: event.question.text,
      });
    case 'unit_failed':
      return raise('unit_failed', `${event.work_id} has failed; retry-tasks starts what failed again.`, {
        client_id,
        work_id: event.work_id,
      });
    case 'stage_duration_at_risk':
    case 'stage_duration_breached':
      return raise(event.type, durationMessage(client_id, event), {
        client_id,
        stage: event.stage,
        target_days: event.target_days,
        age_days: event.age_days,
      });
    case 'approval_voided':
      if (event.why === 'expired')
        raise('approval_expired', `Nobody decided on ${event.approval_id} in time; it has expired.`, {
          client_id,
          approval_id: event.approval_id,
        });
      return;
    case 'exit_criteria_validation_timed_out': {
      // The scheduler tells of its whole round at once.
      if (door === 'scheduler') return;
      const fields: JsonObject = { client_id, stage: event.stage, check_ids: [...event.check_ids] };
      return raise(event.type, `${client_id} was not judged within ${event.budget_seconds} s.`, fields);
    }
    default:
  }
}

const neededBy = ({ question }: Extract<JourneyEvent, { type: 'task_interrupted' }>): string =>
  question.needs === 'input' ? 'an answer' : 'an authorization';

type StageDuration = Extract<JourneyEvent, { type: 'stage_duration_at_risk' | 'stage_duration_breached' }>;

const durationMessage = (clientId: string, { type, stage, age_days, target_days, calendar }: StageDuration): string =>
  `${clientId} has been in ${stage} for ${age_days} of ${target_days} ${calendar === 'business' ? 'business ' : ''}days${
    type === 'stage_duration_breached' ? ': the target is missed' : ''
  }.`;
