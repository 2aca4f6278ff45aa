import { bucketOf } from '#core/bucket.ts';
import { refuse, type Refusal } from '#core/errors.ts';
import type { Json } from '#core/json.ts';
import type { Command } from '#core/journey/commands.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Subscriber } from '#core/journey/messages.ts';
import { openLane, type Lane } from './lane.ts';
import type { Instant } from '#core/time.ts';
import type { Meter } from './meter.ts';
import type { Admission } from './admission.ts';
import type { Deadlines } from './deadlines.ts';
import type { AgentGateway, Clock, IdempotencyKey, Ids, JournalStore, Logger, Plans, Recording } from './ports.ts';

/** One command for one client, and how it is to be remembered. */
export type Submission = {
  readonly clientId: string;
  readonly command: Command;
  readonly actor: string;
  readonly door: string;
  readonly requestId: string;
  /** The same key and request again get the answer that was recorded with the first. */
  readonly key?: IdempotencyKey;
  /** The answer to the caller; recorded in the same transaction where there is a key. */
  readonly answer?: (outcome: Outcome) => Json;
  /** Decide on a fresh load, not on a warm aggregate: for commands that record nothing, which no guard protects. */
  readonly fresh?: boolean;
  /** Machine time at which the evaluation began that this belongs to; unset: when it came in. */
  readonly since?: Instant;
  /** Machine time at which the gate was found open that this is to pass. */
  readonly gateOpenSince?: Instant;
};

export type Outcome = { readonly journey: Journey; readonly events: readonly JourneyEvent[] };

export type Submitted = Outcome & {
  readonly answer: Json;
  /** The answer was recorded by an earlier call under the same key. */
  readonly replayed: boolean;
};

export type Journal = {
  /** Resolves after COMMIT with what was recorded, or with the refusal. Rejects when the store cannot say either. */
  readonly submit: (submission: Submission) => Promise<Submitted | Refusal>;
  readonly stats: () => JournalStats;
  /** Waits for what has been submitted, then closes the lanes. */
  readonly close: () => Promise<void>;
};

export type JournalStats = {
  readonly flushes: number;
  readonly commands: number;
  readonly conflicts: number;
  readonly ambiguous: number;
  readonly waiting: number;
};

export type JournalDependencies = {
  readonly store: JournalStore;
  readonly plans: Plans;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly admission: Admission;
  readonly route: AgentGateway['route'];
  /** Whether new attempts of the intent wait for its circuit breaker. */
  readonly isHeldBack: (intent: string) => boolean;
  /** This process as an owner of units: its epoch now, how many more it takes on, and whether it follows agents' tasks. */
  readonly owner: { readonly epoch: () => number; readonly room: () => number; readonly follows: () => boolean };
  readonly destinations: readonly Subscriber[];
  readonly deadlines: Deadlines;
  /** Called after COMMIT, before the callers are answered: what has just become fact. */
  readonly onRecorded: (recordings: readonly Recording[]) => void;
  readonly meter: Pick<Meter, 'flushed'>;
};

export type JournalLimits = {
  readonly lanes: number;
  /** Commands a flush. */
  readonly batch: number;
  /** Commands that wait, a lane; beyond it callers are told to come back. */
  readonly queue: number;
  /** Warm aggregates, a lane. */
  readonly cache: number;
};

/** Two lanes beat one and four in every measurement: one flush is decided while the other is being written. */
export const defaultLimits: JournalLimits = { lanes: 2, batch: 500, queue: 20_000, cache: 5_000 };

/**
 * The one writer of journeys, by group commit: the commands that wait while a flush is under way form the next one and
 * share a transaction. A lone command pays one transaction and no timer.
 */
export async function openJournal(dependencies: JournalDependencies, limits = defaultLimits): Promise<Journal> {
  const lanes: Lane[] = await Promise.all(Array.from({ length: limits.lanes }, () => openLane(dependencies, limits)));
  const laneOf = (clientId: string): Lane => lanes[bucketOf(clientId) % lanes.length] as Lane;
  return {
    submit: (submission) => {
      const lane = laneOf(submission.clientId);
      // A rollback is what one needs when everything is too much.
      return lane.waiting() >= limits.queue && submission.command.type !== 'roll_back'
        ? Promise.resolve(overloaded(limits.queue))
        : lane.submit(submission);
    },
    stats: () => lanes.map((lane) => lane.stats()).reduce(added),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

const overloaded = (queue: number): Refusal =>
  refuse('orchestrator.overloaded', `${queue} commands are waiting already.`, 'Try again in a few seconds.');

const added = (one: JournalStats, other: JournalStats): JournalStats => ({
  flushes: one.flushes + other.flushes,
  commands: one.commands + other.commands,
  conflicts: one.conflicts + other.conflicts,
  ambiguous: one.ambiguous + other.ambiguous,
  waiting: one.waiting + other.waiting,
});
