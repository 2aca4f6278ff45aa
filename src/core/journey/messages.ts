import type { JsonObject } from '../json.ts';
import type { NoticeFacts } from '../notices/route.ts';
import type { JourneyEvent, StageDuration } from './events.ts';

/** What others may be told, by the names that they subscribe to. Public: a receiver decides by them. */
export const messageTypes = [
  'journey.started',
  'journey.promoted',
  'journey.overridden',
  'journey.rolled_back',
  'journey.completed',
  'journey.paused',
  'journey.resumed',
  'journey.regressed',
  'journey.override_requested',
  'journey.automatic_rollback_refused',
  'goal.judged',
  'approval.requested',
  'approval.decided',
  'approval.voided',
  'approval.reminded',
  'duration.at_risk',
  'duration.breached',
  'work.interrupted',
  'work.failed',
  'delivery.dead',
] as const;
export type MessageType = (typeof messageTypes)[number];

/** Every change of stage, and the end: what a system of record about clients must not miss. */
export const transitionMessages: readonly MessageType[] = [
  'journey.started',
  'journey.promoted',
  'journey.overridden',
  'journey.rolled_back',
  'journey.completed',
];

/** Whoever is told: each message of a type that it wants becomes one row of the outbox. */
export type Subscriber = {
  readonly name: string;
  readonly wants: readonly MessageType[];
  /** Where it does not want all of those: whether it wants this one. */
  readonly isFor?: (facts: NoticeFacts) => boolean;
};

type Projection<E> = {
  readonly type: (event: E) => MessageType;
  /** `stage`: where the journey is when the event happens. */
  readonly data: (event: E, stage: string) => JsonObject;
};

const entered = {
  start: 'journey.started',
  promotion: 'journey.promoted',
  override: 'journey.overridden',
  rollback: 'journey.rolled_back',
} as const;

const durationData = ({ stage, target_days, age_days, calendar }: StageDuration): JsonObject => ({
  stage,
  target_days,
  age_days,
  calendar,
});

/** The one place that says which events are told outside, and how: one entry an event type; the others stay inside. */
const projections: { readonly [T in JourneyEvent['type']]?: Projection<Extract<JourneyEvent, { type: T }>> } = {
  stage_entered: {
    type: ({ kind }) => entered[kind],
    data: ({ from, stage, entry, reason }) => ({ from, to: stage, stage_entry: entry, reason }),
  },
  journey_completed: {
    type: () => 'journey.completed',
    data: ({ reason }, stage) => ({ stage, reason }),
  },
  journey_paused: { type: () => 'journey.paused', data: ({ reason }, stage) => ({ stage, reason }) },
  journey_resumed: {
    type: () => 'journey.resumed',
    data: ({ reason, paused_ms }, stage) => ({ stage, reason, paused_ms }),
  },
  override_requested: {
    type: () => 'journey.override_requested',
    data: ({ override_id, by, reason, missing }, stage) => ({ stage, override_id, by, reason, missing }),
  },
  criterion_regressed: {
    type: () => 'journey.regressed',
    data: ({ check_id, message }, stage) => ({ stage, check_id, message }),
  },
  automatic_rollback_refused: {
    type: () => 'journey.automatic_rollback_refused',
    data: ({ why, message }, stage) => ({ stage, why, message }),
  },
  goals_judged: {
    type: () => 'goal.judged',
    data: ({ goals }, stage) => ({
      stage,
      goals: goals.map(({ metric, health, message }) => ({ metric, health, message })),
    }),
  },
  approval_requested: {
    type: () => 'approval.requested',
    data: ({ approval_id, check_id, approvers, min_approvals, expires_at }, stage) => ({
      stage,
      approval_id,
      check_id,
      approvers,
      min_approvals,
      expires_at: new Date(expires_at).toISOString(),
    }),
  },
  approval_decided: {
    type: () => 'approval.decided',
    data: ({ approval_id, decision, by, reason, status }, stage) => ({
      stage,
      approval_id,
      decision,
      by,
      reason,
      status,
    }),
  },
  approval_voided: {
    type: () => 'approval.voided',
    data: ({ approval_id, why, changed }, stage) => ({ stage, approval_id, why, changed }),
  },
  approval_reminded: {
    type: () => 'approval.reminded',
    data: ({ approval_id, reminder }, stage) => ({ stage, approval_id, reminder }),
  },
  stage_duration_at_risk: { type: () => 'duration.at_risk', data: durationData },
  stage_duration_breached: { type: () => 'duration.breached', data: durationData },
  delivery_given_up: {
    type: () => 'delivery.dead',
    data: ({ delivery_id, destination, message_type, problem }, stage) => ({
      stage,
      delivery_id,
      destination,
      message_type,
      problem,
    }),
  },
  task_interrupted: {
    type: () => 'work.interrupted',
    data: ({ work_id, task_id, question: { needs, text } }, stage) => ({ stage, work_id, task_id, needs, asked: text }),
  },
  unit_failed: {
    type: () => 'work.failed',
    data: ({ work_id }, stage) => ({ stage, work_id }),
  },
};

const projectionOf = (event: JourneyEvent): Projection<JourneyEvent> | undefined =>
  projections[event.type] as Projection<JourneyEvent> | undefined;

/** An event as it is told outside: under which type, and what besides which client, which event and when. */
export function messageOf(event: JourneyEvent, stage: string): Told | undefined {
  const projection = projectionOf(event);
  return projection && { type: projection.type(event), data: projection.data(event, stage) };
}

/** Which of the subscribers are told, by name. `stage`: where the journey is; a message may be about another one. */
export const toldTo = (
  subscribers: readonly Subscriber[],
  { type, data }: Told,
  clientId: string,
  stage: string,
): readonly string[] =>
  subscribers
    .filter(
      ({ wants, isFor }) =>
        wants.includes(type) && (isFor === undefined || isFor({ type, clientId, stage: stageOf(data) ?? stage })),
    )
    .map(({ name }) => name);

/** The stage that a message is about: the one that was entered, or the one that it happened in. */
export const stageOf = ({ stage, to }: JsonObject): string | undefined =>
  typeof to === 'string' ? to : typeof stage === 'string' ? stage : undefined;

export type Told = { readonly type: MessageType; readonly data: JsonObject };

/** Whether any of the subscribers is told about the event. Most events are told to nobody, and cost no more than this. */
export function isWanted(subscribers: readonly Subscriber[], event: JourneyEvent): boolean {
  if (subscribers.length === 0) return false;
  const type = projectionOf(event)?.type(event);
  return type !== undefined && subscribers.some(({ wants }) => wants.includes(type));
}
