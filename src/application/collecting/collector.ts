import type { Json, JsonObject } from '#core/json.ts';
import type { Instant } from '#core/time.ts';

/**
 * Asks another system for evidence. The framework says for whom and when, bounds each call in time and number, stands
 * between it and a system that is down, and records what it brings under the origin `collector:<name>`.
 */
export type Collector = {
  /** Of its origin, its circuit breaker (`dependency:<name>`) and its metrics. */
  readonly name: string;
  readonly brings: readonly Brings[];
  /** How long one call may take (machine time). */
  readonly timeout_ms: number;
  /** Calls under way at once, a process. */
  readonly concurrency: number;
  /** Calls that a process may begin a minute, however much is due. */
  readonly callsPerMinute: number;
  /** How many clients one call serves at the most. */
  readonly clientsPerCall: number;
  /**
   * One call. Throws where the other side could not be asked or refused: the message says so in one clause (`Glean says
   * 401: the token has expired`), and the breaker counts it. What it answers, also that something is not known, is no failure.
   */
  readonly collect: (wanted: readonly Wanted[], signal: AbortSignal) => Promise<readonly Collected[]>;
};

/** A kind of evidence, and how old what was brought may become before it is brought anew (machine time). */
export type Brings = { readonly kind: string; readonly refresh_ms: number };

/** Evidence of one kind that is due for one client, and what is known of it. */
export type Wanted = {
  readonly clientId: string;
  readonly kind: string;
  readonly stage: string;
  /** Journey time. What was so before then does not count for this stage entry. */
  readonly stageStartedAt: Instant;
  /** Journey time. */
  readonly now: Instant;
  /** The criteria, rollback criteria and goals that wait for it, with their validators' parameters. */
  readonly criteria: readonly { readonly checkId: string; readonly parameters: JsonObject }[];
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  /** What the tasks of this stage have put out so far, by name, as judges see it. */
  readonly outputs: JsonObject;
  /** What this collector has brought of the kind before: of each subject the newest. */
  readonly known: readonly { readonly subject: string; readonly value: Json }[];
};

export type Collected = {
  readonly clientId: string;
  readonly kind: string;
  readonly observations: readonly CollectedObservation[];
  /** Why something is not known, in one clause. With it nothing, or not all, was observed; it is never a pass. */
  readonly problem?: string;
};

export type CollectedObservation = {
  readonly subject?: string;
  readonly value: Json;
  /** The other side's own time, where it says one (journey time); else now. */
  readonly observedAt?: Instant;
};

/** Why evidence of a kind has not come, as `why` tells it. */
export type Uncollected = {
  readonly collector: string;
  readonly kind: string;
  readonly problem: string;
  /** Machine time: since when no attempt has brought all of it. */
  readonly since: Instant;
};

export const breakerKey = (collector: string): string => `dependency:${collector}`;
export const originOf = (collector: string): string => `collector:${collector}`;
