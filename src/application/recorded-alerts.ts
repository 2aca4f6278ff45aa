import type { JourneyEvent } from '#core/journey/events.ts';
import type { RaiseAlert } from './alerts.ts';
import type { Recording } from './ports.ts';

/** Wakes somebody for what has just become fact. The process that recorded it tells, so that it is told once. */
export function alertWhatWasRecorded(recordings: readonly Recording[], raise: RaiseAlert): void {
  for (const { clientId, events } of recordings) for (const { event } of events) alertOn(clientId, event, raise);
}

function alertOn(client_id: string, event: JourneyEvent, raise: RaiseAlert): void {
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
    case 'unit_failed':
      return raise('unit_failed', `${event.work_id} has failed; retry-tasks starts what failed again.`, {
        client_id,
        work_id: event.work_id,
      });
    default:
  }
}
