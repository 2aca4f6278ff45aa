import type { Json, JsonObject } from '../json.ts';
import type { Instant } from '../time.ts';
import type { Outcome } from '../criteria/verdict.ts';
import type { EvidenceBook } from '../criteria/evidence.ts';
import type { Streaks } from '../criteria/hysteresis.ts';
import type { RecordedHealth } from '../criteria/goals.ts';
import type { Unit } from '../work/unit.ts';
import type { CompensationStep, TransitionKind } from './events.ts';
import type { DurationSignal } from './durations.ts';
import type { Waits } from './time-split.ts';

export const journeyStatuses = ['queued', 'active', 'paused', 'completed'] as const;
export type JourneyStatus = (typeof journeyStatuses)[number];

/** Who acts: decided by the door that authenticated them, never by what they send. */
export type Actor = {
  readonly id: string;
  readonly kind: 'user' | 'agent' | 'system';
  readonly roles: readonly string[];
  /** The groups that the door has found them in, as approvers name them: `group:<name>`, `slack_group:<id>`. */
  readonly groups?: readonly string[];
};

/** One client's way through the stages: the fold of its events, with what the next decision needs. All times are journey time. */
export type Journey = {
  readonly clientId: string;
  /** A completed client may start again: 1, 2, 3 … */
  readonly run: number;
  readonly status: JourneyStatus;
  readonly stage: string;
  readonly previousStage: string | null;
  /** Counts entries into a stage, over all runs: the fence for evidence, approvals and work. 0 while queued for the first time. */
  readonly stageEntry: number;
  /** The seq of the last event. */
  readonly version: number;
  /** The version at which the present stage was entered: from there on events are folded when a journey is loaded. */
  readonly enteredVersion: number;
  readonly startedAt: Instant;
  readonly stageStartedAt: Instant;
  readonly completedStages: readonly string[];
  readonly configHash: string;
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly startedBy: string;
  /** Whether it counts against max_concurrent_journeys. */
  readonly holdsSlot: boolean;

  /** The units of work of the present stage entry. */
  readonly units: readonly Unit[];
  /** Outputs of units that are over, by stage and name. */
  readonly outputs: { readonly [stage: string]: JsonObject };
  readonly evidence: EvidenceBook;
  /** The last verdicts recorded in this stage entry, by check. */
  readonly verdicts: { readonly [checkId: string]: RecordedVerdict };
  /** The newest approval request of this stage entry, whatever became of it. */
  readonly approval: Approval | null;
  /** How the present stage was entered: what a rollback has brought here is not rolled back by itself. */
  readonly entryKind: TransitionKind;
  /** Null unless it is paused. */
  readonly pause: Pause | null;
  /** What criteria with hysteresis have said in a row, by check. */
  readonly streaks: Streaks;
  /** The last health recorded of each goal of the stage. */
  readonly goals: { readonly [metric: string]: RecordedHealth };
  /** Checks that had passed in this stage entry and have failed since. */
  readonly regressed: readonly string[];
  /** The newest request to promote past a shut gate. */
  readonly override: Override | null;
  /** What the rollback into this stage entry undoes, in order. */
  readonly undoing: readonly CompensationStep[];
  /** What it left as it was. */
  readonly notUndone: readonly NotUndone[];
  /** Whether an automatic rollback of this stage entry has been refused: it is refused once. */
  readonly rollbackRefused: boolean;

  /** What succeeded in units that are over, by stage of this run: what a rollback would have to undo. */
  readonly done: { readonly [stage: string]: DoneTasks };
  /** When this run was rolled back automatically, the oldest first. */
  readonly rolledBackAt: readonly Instant[];
  /** What has been recorded about this stage entry's duration. */
  readonly duration: DurationSignal;
  /** Whom this stage entry has waited for. */
  readonly waits: Waits;
};

/** Of the last entry into a stage whose units have ended: a rollback has undone what earlier ones did. */
export type DoneTasks = { readonly entry: number; readonly tasks: readonly string[] };

/** What begins anew with every stage entry. */
export const freshEntry = {
  verdicts: {},
  approval: null,
  pause: null,
  streaks: {},
  goals: {},
  regressed: [],
  override: null,
  undoing: [],
  notUndone: [],
  rollbackRefused: false,
  duration: 'on_track',
} as const satisfies Partial<Journey>;

export type Pause = { readonly since: Instant; readonly reason: string };

/** A wish to promote past a shut gate, which a second person has to share. */
export type Override = {
  readonly id: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly digest: string;
  /** What kept the gate shut: `work`, or the ids of checks. */
  readonly missing: readonly string[];
  readonly outcomes: { readonly [checkId: string]: Outcome };
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
};

/** A task that nothing undoes. */
export type NotUndone = { readonly stage: string; readonly taskId: string };

export type RecordedVerdict = { readonly outcome: Outcome; readonly code: string; readonly measured?: Json };

export type ApprovalStatus = 'open' | 'granted' | 'rejected' | 'void';

export type Approval = {
  readonly id: string;
  readonly checkId: string;
  readonly stageEntry: number;
  readonly status: ApprovalStatus;
  /** What the people were shown: the digest of config_hash, stage_entry and every other criterion's outcome. */
  readonly digest: string;
  /** check -> outcome at the time of asking, to say later what changed. */
  readonly outcomes: { readonly [checkId: string]: Outcome };
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
  /** Who has said yes so far; as many as minApprovals grant it. */
  readonly votes: readonly string[];
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** The outcomes that made it void, in words. */
  readonly changed: readonly string[];
  readonly reminders: number;
  readonly remindedAt: Instant | null;
};
