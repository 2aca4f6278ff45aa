import type { JsonObject } from '#core/json.ts';
import type { Logger } from './ports.ts';

/** What somebody should be woken for. A closed set: runbooks have a section for each, and metrics may label by it. */
export const alerts = [
  'stage_transition_timed_out',
  'exit_criteria_validation_timed_out',
  'task_timed_out',
  'rollback_initiation_timed_out',
  'stage_duration_at_risk',
  'stage_duration_breached',
  'criterion_regressed',
  'goal_at_risk',
  'journey_rolled_back_automatically',
  'automatic_rollback_refused',
  'task_interrupted',
  'unit_failed',
  'approval_expired',
  'breaker_open',
  'discovery_degraded',
  'delivery_dead',
  'destination_gone',
  'config_reload_failed',
  'event_stream_parked',
] as const;
export type Alert = (typeof alerts)[number];

/** Told once, when it begins: an alert that repeats while nothing changes is one that nobody reads. */
export type RaiseAlert = (alert: Alert, message: string, fields?: JsonObject) => void;

/** Alerts are log lines of level warn with the field `alert`, and are counted. */
export const alertsTo =
  (logger: Logger, alerted: (alert: Alert) => void): RaiseAlert =>
  (alert, message, fields = {}) => {
    alerted(alert);
    logger.warn(message, { alert, ...fields });
  };
