/** What is asked of the product, an id each: a phrase, so that a reader of the table knows what it is about. */
export const items: ReadonlyMap<string, string> = new Map(
  `
S1 switched off, it serves but does nothing by itself
S2 cap on concurrent journeys over all replicas, with a queue
S3 time limit of a stage transition
S4 time limit of an attempt at a task
S5 embedded or server database; one process a data directory
S6 database host
S7 database port
S8 database name
S9 database user with the least rights; another one migrates
S10 secrets: references, files, never shown; TLS mode and pool size
S11 event store: PostgreSQL or relayed
S12 event store host
S13 event store port
S14 event store user, restricted
S15 event store password and TLS
S16 two stores that cannot disagree
S17 protocol broker host, A2A
S18 protocol broker port
S19 capability discovery host, with a cache
S20 capability discovery port
S21 variable: target days of the sandbox
S22 variable: search quality of the sandbox
S23 variable: critical findings of the sandbox
S24 variable: demo approval of the sandbox
S25 variable: target days of the pilot
S26 variable: search quality of the pilot
S27 variable: satisfaction of the pilot
S28 variable: bug window of the pilot
S29 variable: latency of the pilot
S30 variable: adoption in production
S31 variable: satisfaction in production
S32 variable: growth in production
S33 precedence, one hashed configuration, pinned; the activated version decides
S34 search platform address
S35 search platform credential
S36 search platform dashboard
S37 search platform publishing interval
S38 CRM webhooks on or off
S39 CRM address, guarded
S40 CRM signatures, order, dead letters
S41 notification service address
S42 notices by email
S43 notices over Slack
S44 every variable in one generated table, secrets also as files
S45 name of the orchestrator
S46 version as a label; the hash is the identity
S47 cap in the file
S48 worker pool a replica
S49 transition time limit in the file
S50 task time limit in the file
S51 time budget of an evaluation
S52 time limit of a rollback
S53 retries after the first attempt
S54 backoff strategies
S55 backoff formulas
S56 backoff cap and seeded jitter
S57 circuit breaker by intent and dependency, shared
S58 consecutive failures open it
S59 how long it stays open
S60 probes of a half-open breaker
S61 automatic promotion, also by stage
S62 automatic rollback by criteria, bounded
S63 dashboard feature flag
S64 metrics publishing feature flag
S65 poll schedule, only what is due
S66 strict schemas, hot reload
S67 stage ids
S68 stage names
S69 stage order
S70 duration targets: at risk, breached
S71 all criteria must pass
S72 connector status
S73 search quality of the sandbox
S74 security scan
S75 demo approval
S76 search quality of the pilot
S77 user satisfaction
S78 bug window
S79 performance
S80 goals of production
S81 the seven validators
S82 when a stage is left
S83 template of the sandbox
S84 task provision_infra
S85 task install_connectors
S86 task provision_test_data
S87 task run_security_scan
S88 template of the pilot
S89 task deploy_to_production
S90 task configure_user_access
S91 task setup_monitoring
S92 schemas of inputs and outputs
S93 where inputs come from
S94 a stage without a template
S95 compensation
S96 task graphs
S97 retry policies
S98 agents by intent
S99 table journey_states
S100 instants with a time zone
S101 created_at and updated_at, kept
S102 index by current stage
S103 index by start
S104 table unit_of_works
S105 statuses of a unit, checked
S106 index of units by client and stage
S107 index of active units
S108 table stage_transitions
S109 index of transitions by client
S110 index of transitions by time
S111 a client is not deleted but erased
S112 further tables, numbered migrations
S113 deployment manifest
S114 three replicas
S115 labels and selector
S116 container, image, port
S117 variables of the deployment
S118 resources
S119 liveness
S120 readiness
S121 configuration mount
S122 hardening
S123 service
S124 configuration map
S125 scraping
S126 gauge of active journeys
S127 histogram of stage durations
S128 counter of transitions
S129 counter of rollbacks
S130 histogram of unit durations
S131 counter of task attempts
S132 pass rate and evaluations
S133 dashboard file
S134 panel of active journeys
S135 panel of stage durations
S136 panel of rollbacks
S137 alert rules
S138 journey-cli start
S139 POST /api/v1/journeys, safe to repeat
S140 journey-cli status
S141 journey-cli history and its formats
S142 journey-cli rollback to the stage before
S143 journey-cli rollback to a named stage
S144 REST for everything, described
S145 why a journey does not move
S146 validate-exit never promotes unless asked
S147 uow-status
S148 log lines with ids
S149 tasks that fail again and again
S150 check-agents
S151 retry-tasks
S152 the log of a unit of work
S153 design of the state machine
S154 architecture of the integrations
S155 bounded context
S156 deviations from the guide, recorded
`
    .trim()
    .split('\n')
    .map((line): [string, string] => {
      const [id = '', ...words] = line.split(' ');
      return [id, words.join(' ')];
    }),
);

/** `S84..S87, S97` as single ids. */
export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bS(\d+)(?:\.\.S?(\d+))?\b/g)].flatMap(([, from = '', to = from]) =>
    Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, index) => `S${Number(from) + index}`),
  );
}
