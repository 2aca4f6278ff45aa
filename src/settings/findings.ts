export type FindingLevel = 'error' | 'warning' | 'info';

/** Everything that lint can find: valid, and yet probably not what was meant. The codes are public, one a defect. */
export const lintCodes = {
  'input.unproduced': {
    level: 'warning',
    what: 'A required input that no task, mapping, default or start provides: the task will wait for a person.',
  },
  'input.from_data_sources': {
    level: 'info',
    what: 'A required input `connectors` that is taken from the data sources because nothing produces it.',
  },
  'stage.without_template': { level: 'info', what: 'A stage without work of its own.' },
  'stage.no_required_criterion': {
    level: 'warning',
    what: 'A stage with an exit that no required criterion guards: it is left as soon as its work is completed.',
  },
  'stage.criteria_never_judged': {
    level: 'warning',
    what: 'Exit criteria of the last stage, which has no exit.',
  },
  'stage.rollback_switched_off': {
    level: 'warning',
    what: 'Rollback criteria, where `features.auto_rollback_enabled` is off: nothing follows from them.',
  },
  'criterion.window_exceeds_target': {
    level: 'warning',
    what: 'A window that is longer than the stage should take: the target is missed for certain.',
  },
  'criterion.responses_exceed_cohort': {
    level: 'warning',
    what: 'More answers asked for than the pilot has users, where `pilot_cohort_size` has a default.',
  },
  'criterion.source_unknown': {
    level: 'warning',
    what: 'An accepted source `task:<intent>` whose output never counts for that kind of evidence.',
  },
  'template.retries_exceed_target': {
    level: 'warning',
    what: 'Work that with every retry used up takes longer than the stage should.',
  },
  'intent.no_agent': {
    level: 'warning',
    what: 'An intent that no agent of agents.yaml offers and that no route leaves to be pulled.',
  },
  'notifications.stage_unknown': {
    level: 'warning',
    what: 'A route of notices that names a stage that is not there: nobody is ever told of it.',
  },
  'environment.differs': {
    level: 'warning',
    what: 'A variable and the YAML key that it stands above say different things.',
  },
  'environment.unknown': { level: 'warning', what: 'A variable that begins with `JOURNEY_` and is no setting.' },
  'collector.refresh_exceeds_age': {
    level: 'warning',
    what: 'Evidence that a collector brings more seldom than it counts: it is stale in between.',
  },
  'glean.no_instance': { level: 'warning', what: 'The endpoint of the guide, which is no server of Glean.' },
  'glean.dashboard_for_nobody': {
    level: 'warning',
    what: 'Journeys that are to be published to Glean, where nobody may see them: they are not published.',
  },
  'event_store.superuser': {
    level: 'warning',
    what: 'The event store is used as `admin`, who may do everything there.',
  },
  'event_store.unencrypted': {
    level: 'warning',
    what: 'The event store is spoken to without TLS.',
  },
} as const satisfies { readonly [code: string]: { readonly level: FindingLevel; readonly what: string } };

export type LintCode = keyof typeof lintCodes;

export type Finding = {
  readonly code: LintCode;
  readonly level: FindingLevel;
  /** The key, named by ids, or the variable. */
  readonly at: string;
  readonly message: string;
  readonly hint: string;
};

export const finding = (code: LintCode, at: string, message: string, hint: string): Finding => ({
  code,
  level: lintCodes[code].level,
  at,
  message,
  hint,
});

export const findingText = ({ at, message, hint }: Finding): string => `${at}: ${message} ${hint}`;
