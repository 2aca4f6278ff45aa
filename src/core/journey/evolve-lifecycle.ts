import type { Instant } from '../time.ts';
import { compensationUnit } from './compensation-unit.ts';
import type {
  AutomaticRollbackRefused,
  CompensationPlanned,
  CriteriaTracked,
  CriterionRegressed,
  GoalsJudged,
  JourneyPaused,
  JourneyResumed,
  JourneyRolledBackAutomatically,
  OverrideConfirmed,
  OverrideRequested,
} from './events.ts';
import type { Journey } from './journey.ts';

/** What interrupts, overrules or takes back the ordinary way through the stages, and what is kept for those decisions. */
export type LifecycleEvent =
  | JourneyPaused
  | JourneyResumed
  | OverrideRequested
  | OverrideConfirmed
  | JourneyRolledBackAutomatically
  | AutomaticRollbackRefused
  | CompensationPlanned
  | CriteriaTracked
  | CriterionRegressed
  | GoalsJudged;

/** As many as the largest limit on automatic rollbacks that a configuration may set. */
const MOST_KEPT = 100;

/** Always a new object, as in `evolve`. */
export function evolveLifecycle(journey: Journey, event: LifecycleEvent, at: Instant): Journey {
  switch (event.type) {
    case 'journey_paused':
      return { ...journey, status: 'paused', pause: { since: at, reason: event.reason } };
    case 'journey_resumed':
      return { ...journey, status: 'active', pause: null };
    case 'override_requested':
      return { ...journey, override: requested(event, at) };
    case 'override_confirmed':
      return { ...journey, override: null };
    case 'journey_rolled_back_automatically':
      return { ...journey, rolledBackAt: [...journey.rolledBackAt, at].slice(-MOST_KEPT) };
    case 'automatic_rollback_refused':
      return { ...journey, rollbackRefused: true };
    case 'compensation_planned':
      return compensated(journey, event, at);
    case 'criteria_tracked':
      return { ...journey, streaks: { ...journey.streaks, ...event.streaks } };
    case 'criterion_regressed':
      return { ...journey, regressed: [...journey.regressed, event.check_id] };
    case 'goals_judged': {
      const judged = event.goals.map(({ metric, health, code }) => [metric, { health, code }] as const);
      return { ...journey, goals: { ...journey.goals, ...Object.fromEntries(judged) } };
    }
  }
}

const requested = (event: OverrideRequested, at: Instant): Journey['override'] => ({
  id: event.override_id,
  requestedBy: event.by,
  reason: event.reason,
  digest: event.digest,
  missing: event.missing,
  outcomes: event.outcomes,
  requestedAt: at,
  expiresAt: event.expires_at,
});

function compensated(journey: Journey, event: CompensationPlanned, at: Instant): Journey {
  const unit = compensationUnit(journey.stageEntry, event, at);
  return {
    ...journey,
    undoing: event.steps,
    notUndone: event.not_undone.map(({ stage, task_id }) => ({ stage, taskId: task_id })),
    units: unit ? [...journey.units, unit] : journey.units,
  };
}
