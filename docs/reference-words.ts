import type { ErrorCode } from '#core/errors.ts';

/** What the tables say that the code does not. */

/** Keys that the configuration guide does not have, with the item that asks for them. */
export const additions: Readonly<Record<string, string>> = {
  'journey-orchestrator.yaml orchestrator.polling.cron': 'Ours (S65).',
  'journey-orchestrator.yaml orchestrator.polling.base_interval_seconds': 'Ours (S65).',
  'journey-orchestrator.yaml orchestrator.retention.evidence_history_days':
    'Ours: days that observations are kept after newer ones have taken their place. What is judged always stays.',
  'journey-orchestrator.yaml orchestrator.retention.completed_journeys_days':
    'Ours: days after its completion that a journey keeps its events; those of its last stage always stay.',
  'journey-orchestrator.yaml orchestrator.retention.deliveries_days':
    'Ours: days that delivered messages are kept. What is not delivered always stays.',
  'journey-orchestrator.yaml orchestrator.retention.idempotency_keys_days':
    'Ours: days within which a write under the same key is done once.',
  'stages.yaml stages[].calendar':
    'Ours (S70): what a day of the target is. calendar: 24 hours in UTC; business: the same, but only Monday to Friday.',
  'stages.yaml stages[].auto_promotion': 'Ours (S61): above features.auto_promotion_enabled.',
  'journey-orchestrator.yaml orchestrator.auto_rollback.max':
    'Ours (S62): automatic rollbacks of a journey in the window.',
  'journey-orchestrator.yaml orchestrator.auto_rollback.window_days': 'Ours (S62).',
  'stages.yaml stages[].exit_criteria[].consecutive': 'Ours: passes only after so many distinct observations in a row.',
  'stages.yaml stages[].exit_criteria[].hold_for_hours': 'Ours: passes only after it has passed for so long.',
  ...Object.fromEntries(
    'check_id name validator parameters accepted_sources max_age_hours'
      .split(' ')
      .map((key) => [`stages.yaml stages[].rollback_criteria[].${key}`, 'Ours (S62), as in exit_criteria.']),
  ),
  'stages.yaml stages[].rollback_criteria[].consecutive':
    'Ours (S62): goes back after so many distinct observations in a row that fail. This or for_hours must be said.',
  'stages.yaml stages[].rollback_criteria[].for_hours': 'Ours (S62): goes back after it has failed for so long.',
  ...Object.fromEntries(
    'check_id name validator parameters'
      .split(' ')
      .map((key) => [
        `stages.yaml stages[].success_metrics[].${key}`,
        'Ours (S80): a goal in the shape of a criterion.',
      ]),
  ),
  'stages.yaml stages[].success_metrics[].accepted_sources': 'Ours, as in exit_criteria.',
  'stages.yaml stages[].success_metrics[].max_age_hours': 'Ours: unsaid, a figure is good for as long as its window.',
  'stages.yaml stages[].exit_criteria[].required': 'Ours (S71): false is judged and shown, but never shuts the gate.',
  'stages.yaml stages[].exit_criteria[].accepted_sources':
    'Ours: whose word counts. Unsaid: collectors, operators, and tasks whose intent is mapped to the kind.',
  'stages.yaml stages[].exit_criteria[].max_age_hours': 'Ours: the same as the parameter of that name.',
  'unit-of-work-templates.yaml templates[].tasks[].input_schema.<name>.default': 'Ours (S93).',
  'unit-of-work-templates.yaml templates[].tasks[].output_schema.<name>.default': 'Ours (S93).',
  'unit-of-work-templates.yaml templates[].tasks[].input_mapping': 'Ours (S85, S93).',
  'unit-of-work-templates.yaml templates[].tasks[].compensate_intent': 'Ours (S95).',
  'unit-of-work-templates.yaml templates[].tasks[].max_seconds': 'Ours (S4).',
  'unit-of-work-templates.yaml templates[].uow_seconds': 'Ours (S4).',
  'journey-orchestrator.yaml orchestrator.timeouts.task_max_seconds': 'Ours (S4).',
  'journey-orchestrator.yaml orchestrator.timeouts.uow_seconds': 'Ours (S4).',
};

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const inOrder = (first: number, names: readonly string[]): readonly (readonly [string, string])[] =>
  names.map((name, index) => [name, `S${first + index}`]);

/** Variables by the item of the acceptance list that asks for them; the guide names them in this order. */
const items: ReadonlyMap<string, string> = new Map([
  ...inOrder(
    1,
    words(`
    JOURNEY_ORCHESTRATOR_ENABLED JOURNEY_MAX_CONCURRENT JOURNEY_STAGE_TRANSITION_TIMEOUT JOURNEY_UOW_TASK_TIMEOUT
    JOURNEY_STATE_STORE JOURNEY_STATE_DB_HOST JOURNEY_STATE_DB_PORT JOURNEY_STATE_DB_NAME JOURNEY_STATE_DB_USER
    JOURNEY_STATE_DB_PASSWORD JOURNEY_EVENT_STORE JOURNEY_EVENT_STORE_HOST JOURNEY_EVENT_STORE_PORT
    JOURNEY_EVENT_STORE_USER JOURNEY_EVENT_STORE_PASSWORD`),
  ),
  ...inOrder(
    17,
    words(`
    PROTOCOL_BROKER_HOST PROTOCOL_BROKER_PORT CAPABILITY_DISCOVERY_HOST CAPABILITY_DISCOVERY_PORT
    SANDBOX_DURATION_TARGET_DAYS SANDBOX_EXIT_SEARCH_QUALITY_MIN SANDBOX_EXIT_SECURITY_CRITICAL_MAX
    SANDBOX_EXIT_DEMO_APPROVAL_REQUIRED PILOT_DURATION_TARGET_DAYS PILOT_EXIT_SEARCH_QUALITY_MIN
    PILOT_EXIT_USER_SATISFACTION_MIN PILOT_EXIT_BUG_WINDOW_DAYS PILOT_EXIT_P95_LATENCY_MAX_MS
    PRODUCTION_ADOPTION_TARGET PRODUCTION_SATISFACTION_TARGET PRODUCTION_GROWTH_TARGET`),
  ),
  ...inOrder(
    34,
    words(`
    GLEAN_API_ENDPOINT GLEAN_SERVICE_ACCOUNT GLEAN_DASHBOARD_ENABLED GLEAN_METRICS_PUBLISH_INTERVAL CRM_WEBHOOK_ENABLED
    CRM_WEBHOOK_URL CRM_WEBHOOK_SECRET NOTIFICATION_SERVICE_URL NOTIFICATION_EMAIL_ENABLED NOTIFICATION_SLACK_ENABLED`),
  ),
  ['JOURNEY_STATE_DB_MIGRATION_USER', 'S9'],
  ['JOURNEY_STATE_DB_MIGRATION_PASSWORD', 'S9'],
  ['JOURNEY_STATE_DB_SSLMODE', 'S10'],
  ['JOURNEY_STATE_DB_POOL_MAX', 'S10'],
  ['JOURNEY_EVENT_STORE_TLS', 'S15'],
  ['JOURNEY_OUTBOUND_ALLOWED_NETWORKS', 'S39'],
  ['JOURNEY_OUTBOUND_PORTS', 'S39'],
  ['CRM_WEBHOOK_HUB_SIGNATURE', 'S40'],
  ['GLEAN_INSTANCE', 'S34'],
  ['GLEAN_INDEXING_TOKEN', 'S35'],
  ['NOTIFICATION_SERVICE_SECRET', 'S41'],
  ['NOTIFICATION_EMAIL_FROM', 'S42'],
  ['NOTIFICATION_EMAIL_TO', 'S42'],
  ['SMTP_TLS', 'S42'],
  ['JOURNEY_POLLING_CRON', 'S65'],
]);

/** What the guide does not name is in its list of what the product needs besides. */
export const itemOf = (variable: string): string => items.get(variable) ?? 'S44';

export const meanings: Readonly<Record<ErrorCode, string>> = {
  'input.invalid': 'The request does not have the shape that the use-case takes; what is wrong is named.',
  'input.too_large': 'The body is larger than the limit.',
  'auth.missing': 'The request has no bearer token.',
  'auth.invalid': 'The token is unknown or revoked, or is not one of the issuer for this server.',
  'auth.expired': 'The token has expired.',
  'auth.issuer_unavailable': 'The issuer of the token does not tell its keys, so that it cannot be checked.',
  'auth.forbidden': 'The token does not have the role, or is not of the kind, that the use-case asks for.',
  'calls.too_many': 'More calls a second than one principal, or one address without a valid token, may make.',
  'route.unknown': 'Nothing is at this address.',
  'method.not_allowed': 'The address exists, but not for this method.',
  'journey.unknown': 'No journey of that client is known (or the token may not see it).',
  'journey.exists': 'The client has a journey that is not completed.',
  'journey.not_completed': 'Only a completed journey can be erased.',
  'journey.not_active': 'The journey is queued, paused or completed.',
  'journey.not_paused': 'There is nothing to resume.',
  'journey.moved': 'It was promoted or rolled back between the look at it and the request.',
  'stage.unknown': 'The configuration has no stage of that name.',
  'stage.final': 'The journey is in the last stage, which has no exit.',
  'stage.first': 'The journey is in the first stage: there is nothing to roll back to.',
  'stage.not_earlier': 'The target of the rollback is not before the present stage, or was never passed.',
  'override.unknown': 'No request to pass the gate of that name waits.',
  'override.pending': 'The same has been asked already; a second person confirms it.',
  'override.stale': 'What was to be overridden has changed since it was asked for.',
  'override.expired': 'No second person confirmed it within a day.',
  'override.by_agent': 'Only people pass a shut gate.',
  'override.by_requester': 'Who asked for it cannot be the second person.',
  'stage.transition_timed_out': 'The gate was open, but the transition could not be recorded in time; it was given up.',
  'gate.shut': 'Work or criteria are missing; they are named.',
  'work.unknown': 'The present stage has no such unit of work.',
  'work.nothing_failed': 'No task of the unit has failed.',
  'work.still_running': 'The unit still runs, and none of its tasks has failed.',
  'task.not_asked': 'No agent asks for anything in the task, or not for an answer.',
  'task.answered': 'The question of the agent has been answered before.',
  'task.superseded': 'Another attempt, a rollback or another process has taken the place of this result.',
  'task.input_invalid': 'An input does not have the type that a task declares.',
  'task.output_invalid': 'The output of a task does not have the declared fields; not retried by itself.',
  'task.output_missing': 'The agent finished without handing over an output.',
  'task.timed_out': 'No sign of life came from the attempt in time.',
  'unit.timed_out': 'The unit of work has taken longer than uow_seconds; what it was doing has failed with it.',
  'task.failed': 'The agent reported a failure.',
  'task.rejected': 'The agent refused the task; not retried by itself.',
  'agent.none': 'No agent offers the intent.',
  'agent.unreachable': 'The agent did not answer, or not in a way that can be understood.',
  'evidence.kind_unknown': 'No evidence is of that kind.',
  'evidence.value_invalid': 'The value is not one of its kind.',
  'evidence.from_future': 'The observation claims to be from more than 60 seconds ahead.',
  'evidence.source_not_accepted': 'The word of this caller does not count for that kind.',
  'report.unreadable': 'The document is none that can be counted, or part of it cannot; nothing of it is recorded.',
  'approval.unknown': 'The stage asks for no approval.',
  'approval.not_open': 'The request is not the open one, or has been decided.',
  'approval.already_asked': 'People have been asked; an agent does not ask them anew.',
  'approval.not_ready': 'Something else is still missing before people are asked.',
  'approval.stale': 'What was to be approved has changed since it was shown.',
  'approval.expired': 'Nobody decided in time.',
  'approval.by_initiator': 'Whoever started the journey may not approve it.',
  'approval.by_agent': 'Only people approve.',
  'approval.not_an_approver': 'The criterion names other approvers.',
  'approval.already_counted': 'This person has approved already.',
  'delivery.unknown': 'No message of that client, destination and number is in the outbox.',
  'delivery.not_dead': 'The message has been delivered, or is still being tried.',
  'token.unknown': 'No token in use has that name or id.',
  'token.exists': 'A token of that name is in use.',
  'config.unknown': 'No version of the configuration has that hash.',
  'config.invalid': 'The files, or a stored version, cannot be used; every problem is named.',
  'config.strands': 'Journeys are in a stage that the configuration does not have; they are named.',
  'person.unknown': 'Nobody is mapped to that Slack user.',
  'person.not_allowed': 'This Slack user may not act here: a stranger, a guest, a bot, or nobody that is mapped.',
  'event_store.off': 'No event store is configured.',
  'event_store.unavailable': 'The event store does not answer, or does not let its user do what is needed.',
  'event_store.not_parked': "The client's stream in the event store has not stopped.",
  'slack.unavailable': 'Slack did not answer what had to be known, or no Slack app is configured.',
  'idempotency.conflict': 'The key was used for another request.',
  'settings.invalid': 'The settings cannot be used; the start ends with every problem that there is.',
  'data_dir.in_use': 'Another process has the data directory; it is named.',
  'orchestrator.overloaded': 'Too many commands wait already.',
  'store.unavailable': 'The database cannot be asked, or did not answer.',
  internal: 'A fault of ours; the log has it under the request id.',
};
