import type { JsonObject } from '../json.ts';
import type { StagePlan, WorkTemplate } from '../plan.ts';
import type { Instant } from '../time.ts';

export type UnitStatus = 'in_progress' | 'completed' | 'failed' | 'cancelled';

/** A unit of work: one template's tasks for one stage entry of a client. */
export type Unit = {
  readonly workId: string;
  readonly templateId: string;
  readonly stageEntry: number;
  readonly status: UnitStatus;
  /** The epoch of the process that continues it in memory; null: whoever claims it. */
  readonly owner: number | null;
  /** Sparse: a task that is not here is planned, generation 1, attempt 1. */
  readonly tasks: { readonly [taskId: string]: TaskProgress };
  readonly startedAt: Instant;
  /** How long the stage had been paused when it began. */
  readonly pausedBefore_ms: number;
  readonly finishedAt: Instant | null;
  /** Its own tasks, where no template of the stage says them: a compensation. */
  readonly definition?: WorkTemplate;
};

/** The tasks of a unit, by itself or by the stage's template. */
export const definitionOf = (
  stage: Pick<StagePlan, 'templates'> | undefined,
  unit: Pick<Unit, 'templateId' | 'definition'>,
): WorkTemplate | undefined => unit.definition ?? stage?.templates.find(({ id }) => id === unit.templateId);

export type TaskStatus =
  | 'planned'
  | 'waiting_for_input'
  | 'ready'
  | 'running'
  | 'retry_wait'
  | 'waiting_for_breaker'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

export type TaskProgress = {
  readonly status: TaskStatus;
  /** Raised by retry-tasks: with attempt, the fence of a result. The idempotency key depends on the generation alone. */
  readonly generation: number;
  readonly attempt: number;
  /** Since when it has this status (journey time); absent while nothing is recorded of it. */
  readonly since?: Instant;
  /** Where a recorded attempt runs; absent for the first attempt in this process, which nothing records. */
  readonly via?: 'in_process' | 'a2a' | 'pull';
  /** Who has claimed this attempt, while a pulled task is running: nobody else may say how it ended. */
  readonly claimedBy?: string;
  readonly output?: JsonObject;
  readonly error?: TaskError;
  /** What its agent waits for, while it is running there. */
  readonly question?: Question;
  /** What was answered to that question. */
  readonly answer?: JsonObject;
  /** Input fields that nothing produces, while waiting_for_input. */
  readonly missing?: readonly string[];
  /** Machine time of the next attempt, while retry_wait. */
  readonly retryAt?: Instant;
};

/** An agent goes on only when it is given an input, or an authorization, that its order did not hold. */
export type Question = {
  /** The same as long as it is the same question. */
  readonly id: string;
  readonly needs: 'input' | 'authorization';
  /** The agent's own words. */
  readonly text: string;
};

export type TaskError = { readonly code: string; readonly message: string };

const planned: TaskProgress = { status: 'planned', generation: 1, attempt: 1 };

export const progressOf = (unit: Unit, taskId: string): TaskProgress => unit.tasks[taskId] ?? planned;

/** How a result names the attempt that it belongs to. Equality decides: an older or foreign one is superseded. */
export type Fence = { readonly generation: number; readonly attempt: number };

/** Public ids embed the client's id, so that a door that gets one knows the client. */
export const workIdOf = (clientId: string, stageEntry: number, templateId: string): string =>
  `uow-${clientId}:${stageEntry}:${templateId}`;

/** One attempt of a task, as whoever has claimed it names it: its fence is part of the name, so that nobody can leave it out. */
export const attemptIdOf = ({ workId, taskId, generation, attempt }: AttemptName): string =>
  `task-${workId.slice('uow-'.length)}:${taskId}:${generation}:${attempt}`;

export type AttemptName = { readonly workId: string; readonly taskId: string } & Fence;

/** The other way round; the text must look like an attempt's id. */
export function attemptNamed(id: string): AttemptName & { readonly clientId: string; readonly stageEntry: number } {
  const [clientId = '', entry = '', template = '', taskId = '', generation = '', attempt = ''] = id
    .slice('task-'.length)
    .split(':');
  return {
    clientId,
    stageEntry: Number(entry),
    workId: workIdOf(clientId, Number(entry), template),
    taskId,
    generation: Number(generation),
    attempt: Number(attempt),
  };
}
