import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Build } from '#application/build.ts';
import { DAY, HOUR } from '#core/time.ts';

const SECONDS = 1_000;
/** A stage takes days, a unit of work minutes to days: the client's own buckets end at ten seconds. */
const STAGE_BUCKETS_S = [
  ...[1, 6, 12].map((hours) => (hours * HOUR) / SECONDS),
  ...[1, 2, 3, 5, 7, 10, 12, 15, 20, 30, 45, 60, 90].map((days) => (days * DAY) / SECONDS),
];
const UNIT_BUCKETS_S = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400, 259_200, 604_800];
const CALL_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const FLUSH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500];

/** What this process counts; a sum over the replicas is the whole. No label takes what people or agents write. */
export function counted(registry: Registry) {
  const registers = [registry];
  return {
    stageDuration: new Histogram({
      name: 'journey_stage_duration_seconds',
      help: 'How long journeys were in a stage when they left it.',
      labelNames: ['stage'],
      buckets: STAGE_BUCKETS_S,
      registers,
    }),
    transitions: new Counter({
      name: 'journey_transition_total',
      help: 'Transitions between stages by result: success or timeout; a start comes from no stage.',
      labelNames: ['from_stage', 'to_stage', 'result'],
      registers,
    }),
    rollbacks: new Counter({
      name: 'journey_rollback_total',
      help: 'Rollbacks by reason: manual, or automatic by a rule of the stage. What people wrote is in the history.',
      labelNames: ['reason'],
      registers,
    }),
    unitDuration: new Histogram({
      name: 'journey_uow_execution_duration_seconds',
      help: 'How long units of work took from their start to their end.',
      labelNames: ['stage', 'template_id', 'status'],
      buckets: UNIT_BUCKETS_S,
      registers,
    }),
    attempts: new Counter({
      name: 'journey_task_execution_total',
      help: 'Attempts of tasks by how they ended: succeeded, failed or timed_out.',
      labelNames: ['status', 'intent'],
      registers,
    }),
    verdicts: new Counter({
      name: 'journey_exit_criteria_evaluations_total',
      help: 'Verdicts on exit criteria that were recorded, by how they came out.',
      labelNames: ['stage', 'check_id', 'verdict'],
      registers,
    }),
    alerts: new Counter({
      name: 'journey_alerts_total',
      help: 'Alerts raised, by name; the runbook has a section for each.',
      labelNames: ['alert'],
      registers,
    }),
    calls: new Histogram({
      name: 'journey_use_case_duration_seconds',
      help: 'How long calls of use-cases took, by door and outcome (ok, refused or failed).',
      labelNames: ['use_case', 'door', 'outcome'],
      buckets: CALL_BUCKETS_S,
      registers,
    }),
    collectorCalls: new Histogram({
      name: 'journey_collector_call_duration_seconds',
      help: 'How long calls of collectors took, by outcome: answered, failed, or nothing where we broke them off.',
      labelNames: ['collector', 'outcome'],
      buckets: CALL_BUCKETS_S,
      registers,
    }),
    collections: new Counter({
      name: 'journey_collections_total',
      help: 'Evidence that collectors went for, one a client and kind: observed, unknown or failed.',
      labelNames: ['collector', 'kind', 'outcome'],
      registers,
    }),
    flushCommands: new Histogram({
      name: 'journey_flush_commands',
      help: 'Commands that shared one transaction.',
      buckets: FLUSH_BUCKETS,
      registers,
    }),
    flushDuration: new Histogram({
      name: 'journey_flush_duration_seconds',
      help: 'How long a flush of the journal took, from its commands to their answers.',
      buckets: CALL_BUCKETS_S,
      registers,
    }),
    flushConflicts: new Counter({
      name: 'journey_flush_conflicts_total',
      help: 'Journeys that another process had moved first, and that were decided again.',
      registers,
    }),
  };
}
export type Counted = ReturnType<typeof counted>;

/** What the store knows: every replica says the whole, so a query takes `max by (…)`, never a sum. */
export function gauged(registry: Registry, refresh: () => Promise<void>) {
  // Each asks for all of them: a registry collects its metrics at the same time, in no order.
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers: [registry], collect: refresh });
  return {
    active: gauge('journey_active_count', 'Journeys that are active, by stage.', ['stage']),
    queued: gauge('journey_queued_count', 'Journeys that wait for a place.', []),
    paused: gauge('journey_paused_count', 'Journeys that are paused, by stage.', ['stage']),
    stageAge: gauge('journey_stage_age_seconds', 'How long the longest of the active journeys has been in the stage.', [
      'stage',
    ]),
    passRate: gauge(
      'journey_exit_criteria_pass_rate',
      'Of the verdicts of the last 24 hours, the share that passed or was waived, by stage.',
      ['stage'],
    ),
    pollLag: gauge('journey_poll_lag_seconds', 'How long the most overdue journey has been due for a look.', []),
    messages: gauge('journey_outbox_messages', 'Messages that are not delivered, by destination and state.', [
      'destination',
      'state',
    ]),
    outboxLag: gauge('journey_outbox_lag_seconds', 'Age of the oldest message that is not delivered, by destination.', [
      'destination',
    ]),
    agentSources: gauge(
      'journey_agent_sources',
      'Where this process looks for agents, by state: ok, stale (its last good copy is used) or unread.',
      ['state'],
    ),
    eventLag: gauge(
      'journey_event_store_lag_seconds',
      'Age of the oldest event that is not copied to the event store yet; 0 without one.',
      [],
    ),
    eventsBehind: gauge('journey_event_store_events_behind', 'Events that are not copied to the event store yet.', []),
    eventsParked: gauge('journey_event_store_streams_parked', 'Streams of the event store that have stopped.', []),
    openApprovals: gauge('journey_open_approvals', 'Requests for approval that nobody has decided.', []),
    collectionLag: gauge(
      'journey_collection_lag_seconds',
      'How long the most overdue evidence of active journeys has been due to be collected, by collector and kind.',
      ['collector', 'kind'],
    ),
    uncollected: gauge(
      'journey_uncollected_evidence',
      'Active journeys whose evidence could not be collected when it was last tried, by collector and kind.',
      ['collector', 'kind'],
    ),
  };
}
export type Gauged = ReturnType<typeof gauged>;

/** Always 1: what it says stands in its labels, so that a graph can show when which version came. */
export function showBuild(registry: Registry, { version, commit }: Build): void {
  new Gauge({
    name: 'journey_build_info',
    help: 'Which version of the product this process is, and from which commit where that is known.',
    labelNames: ['version', 'commit'],
    registers: [registry],
  }).set({ version, commit: commit ?? 'unknown' }, 1);
}
