import type { Json, JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { Plan } from '#core/plan.ts';
import type { Journey } from '#core/journey/journey.ts';
import type { JourneyEvent } from '#core/journey/events.ts';
import type { Subscriber } from '#core/journey/messages.ts';
import type { Question } from '#core/work/unit.ts';
import type { AgentSource } from './agent-sources.ts';

/**
 * Two clocks. Journey time governs freshness, durations, expiry and windows; machine time governs leases, timeouts and
 * retries. On a server both are the database's time; in the demo journey time runs fast.
 */
export type Clock = {
  readonly journey: () => Instant;
  readonly machine: () => Instant;
  /** Machine time. Resolves early, without error, when the signal aborts. */
  readonly sleep: (wait_ms: number, signal?: AbortSignal) => Promise<void>;
};

export type Ids = {
  /** Unguessable, URL-safe, 128 bits. */
  readonly random: () => string;
  /** A digest of the text, stable over processes and versions: base64url of SHA-256, 22 characters. */
  readonly digest: (text: string) => string;
};

export type Logger = {
  readonly debug: (message: string, fields?: JsonObject) => void;
  readonly info: (message: string, fields?: JsonObject) => void;
  readonly warn: (message: string, fields?: JsonObject) => void;
  readonly error: (message: string, fields?: JsonObject) => void;
};

/** What an attempt of a task is given; the idempotency key stays the same over the attempts of one generation. */
export type Assignment = {
  readonly clientId: string;
  readonly workId: string;
  readonly taskId: string;
  readonly intent: string;
  readonly input: JsonObject;
  readonly generation: number;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** The agent that has it; null: none yet, so that whoever is preferred for the intent gets it. */
  readonly agentId: string | null;
  /** Where calls are traced. */
  readonly traceparent?: string;
};

export type TaskOutcome =
  | { readonly type: 'succeeded'; readonly output: Json }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly retryable: boolean };

/** A remote task as its agent reports it; `agentId` says which agent that is. */
export type RemoteTask =
  | {
      readonly state: 'working';
      readonly remoteTaskId: string;
      readonly agentId: string | null;
      readonly message?: string;
    }
  | {
      readonly state: 'interrupted';
      readonly remoteTaskId: string;
      readonly agentId: string | null;
      readonly question: Question;
    }
  | { readonly state: 'ended'; readonly remoteTaskId: string | null; readonly outcome: TaskOutcome };

/** What people answer to a question of an agent. */
export type AgentAnswer = { readonly questionId: string; readonly answer: JsonObject };

export type AgentHealth = {
  readonly agentId: string;
  readonly name: string;
  readonly url: string;
  readonly healthy: boolean;
  /** Machine time of the last successful contact; null: never. */
  readonly lastSeen: Instant | null;
  readonly problem?: string;
};

/** How the orchestrator reaches agents in other processes (A2A). */
export type AgentGateway = {
  /** How tasks of this intent are run: functions in this process, an A2A agent, or pulled by whoever claims them. */
  readonly route: (intent: string) => 'in_process' | 'a2a' | 'pull';
  /** Hands the assignment over and returns as soon as the agent has named its task. Throws only on bugs. */
  readonly send: (assignment: Assignment, signal: AbortSignal) => Promise<RemoteTask>;
  /** The state of a task that was handed over. */
  readonly poll: (assignment: Assignment, remoteTaskId: string, signal: AbortSignal) => Promise<RemoteTask>;
  /** After a crash: the task that an earlier send of the same assignment made, if the agent can tell; null: none. */
  readonly find: (assignment: Assignment, signal: AbortSignal) => Promise<RemoteTask | null>;
  /** Hands an answer over to the task that asked; the same answer again is the same message. */
  readonly answer: (
    assignment: Assignment,
    remoteTaskId: string,
    answer: AgentAnswer,
    signal: AbortSignal,
  ) => Promise<RemoteTask>;
  /** Best effort: tells the agent to stop. */
  readonly cancel: (assignment: Assignment, remoteTaskId: string, signal: AbortSignal) => Promise<void>;
  /** Every agent that offers the intent (all agents without one), asked now. */
  readonly health: (intent?: string) => Promise<readonly AgentHealth[]>;
  /** Looks for agents that no file names. What is wrong with a source is a finding. */
  readonly discover: () => Promise<void>;
  /** Where agents are looked for, as of the last look. */
  readonly sources: () => readonly AgentSource[];
};

/** A function in this process that does a task: for the demo, the tests and the benchmark. */
export type InProcessAgent = (assignment: Assignment, signal: AbortSignal) => Promise<Json>;

/** Every version of the configuration that a journey may have pinned, compiled. */
export type Plans = {
  readonly active: () => Plan;
  /** The plan of a hash that `ensure` has seen. */
  readonly get: (hash: string) => Plan;
  /** Makes plans of these hashes available, from the stored documents where this process has not compiled them yet. */
  readonly ensure: (hashes: Iterable<string>) => Promise<void>;
};

/** What one client's part of a flush records. */
export type Recording = {
  readonly clientId: string;
  /** The journey that the decisions were based on; null: a client without one. */
  readonly before: Journey | null;
  readonly journey: Journey;
  readonly events: readonly RecordedEvent[];
  /** Whether one of the events admits the journey: recorded only while this process holds the admission. */
  readonly admits: boolean;
  readonly answers: readonly KeyedAnswer[];
  /** When time alone changes something next (journey time), as far as the decisions looked; null: nothing that they know of. */
  readonly lookAt: Instant | null;
};

export type RecordedEvent = {
  readonly seq: number;
  readonly event: JourneyEvent;
  readonly actor: string;
  readonly door: string;
  readonly requestId: string;
};

export type IdempotencyKey = { readonly principal: string; readonly key: string; readonly requestHash: string };
export type KeyedAnswer = IdempotencyKey & { readonly response: Json };

/** The journal's store. One lane is one connection; a client always belongs to the same lane of a process. */
export type JournalStore = { readonly openLane: () => Promise<JournalLane> };

export type JournalLane = {
  /** The journeys as of one instant. Unknown clients are left out. */
  readonly load: (clientIds: readonly string[]) => Promise<ReadonlyMap<string, Journey>>;
  /**
   * Records all or nothing of each client, in one transaction: only where nobody has moved the journey since `before`.
   * Answers who was recorded, and whether this process still holds the admission.
   */
  readonly write: (batch: readonly Recording[], context: WriteContext) => Promise<WriteOutcome>;
  /** Which of these requests have been recorded: after a connection broke between COMMIT and its answer. */
  readonly recorded: (
    requests: readonly { readonly clientId: string; readonly requestId: string }[],
  ) => Promise<ReadonlySet<string>>;
  readonly answers: (
    keys: readonly { readonly clientId: string; readonly principal: string; readonly key: string }[],
  ) => Promise<readonly (KeyedAnswer & { readonly clientId: string })[]>;
  /** `conflict`: decide again on fresh state. `ambiguous`: it may have been recorded. `refused`: the data is at fault. */
  readonly failureOf: (error: unknown) => 'conflict' | 'ambiguous' | 'refused';
  readonly close: () => Promise<void>;
};

export type WriteContext = {
  readonly now: Instant;
  readonly machineNow: Instant;
  readonly epoch: number;
  /** Who follows the tasks that leave for agents: this process, or (null) whoever claims them. */
  readonly follower: number | null;
  readonly destinations: readonly Subscriber[];
  /** Give up waiting for the statement after this long; undefined: as for any other. */
  readonly within_ms?: number | undefined;
  /** When a journey that enters its first stage, or comes back to one, is looked at again at the latest (journey time). */
  readonly dueAt: Instant;
};

export type WriteOutcome = { readonly won: ReadonlySet<string>; readonly holdsAdmission: boolean };
