import type { Json } from '#core/json.ts';
import type { Plan } from '#core/plan.ts';
import type { Instant } from '#core/time.ts';
import type { Observation } from '#core/criteria/evidence.ts';
import type { ApprovalRequested, JourneyEvent } from '#core/journey/events.ts';
import type { Recording, WriteContext } from '#application/ports.ts';
import type { Cell } from './encode.ts';
import type { PartName } from './parts.ts';

export type Put = (part: PartName, ...cells: Cell[]) => void;

/** What several events of one flush say about the same row becomes one row: a statement may touch a row only once. */
export type Pending = {
  readonly recording: Recording;
  readonly context: WriteContext;
  readonly bucket: number;
  readonly planOf: (hash: string) => Plan;
  readonly put: Put;
  /** The stage as the events have it so far. */
  stage: string;
  entry: number;
  configHash: string;
  readonly units: Map<string, UnitRow>;
  readonly tasks: Map<string, { readonly event: TaskEvent | null; readonly of: { work_id: string; task_id: string } }>;
  // Most flushes have none of these.
  /** The journey is to be looked at again by then. */
  lookBy?: Instant;
  cancelled?: Set<string>;
  current?: Map<string, Observation>;
  verdicts?: Map<string, Cell[]>;
  approvals?: Map<string, ApprovalRow>;
};

export type UnitRow = {
  isNew: boolean;
  stage: string;
  entry: number;
  templateId: string;
  status: string;
  owner: number | null;
  ended: boolean;
  results: Json;
  /** Where no template of the stage says its tasks. */
  snapshot?: string;
};
export type TaskEvent = Extract<
  JourneyEvent,
  {
    type:
      | 'task_dispatched'
      | 'task_waiting_for_input'
      | 'task_waiting_for_breaker'
      | 'task_claimed'
      | 'task_interrupted'
      | 'task_continued'
      | 'task_answered'
      | 'task_attempt_failed';
  }
>;
export type ApprovalRow = {
  asked: (ApprovalRequested & { stage: string }) | null;
  status: string;
  votes: string[];
  by: string | null;
  reason: string | null;
  /** Whether somebody decided, or it became void: a reminder alone leaves the reason as it is. */
  said: boolean;
  reminders: number | null;
};

export const json = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

/** Slugs and ids need no quotes in an array literal. */
export const list = (ids: readonly string[]): string => `{${ids.join(',')}}`;
