import type { Json, JsonObject } from '../json.ts';
import type { Observation } from '../criteria/evidence.ts';
import type { Fence, Question } from '../work/unit.ts';
import type { Actor } from './journey.ts';

/** What somebody wants to happen to one journey. `decide` says what follows, or why nothing does. */
export type Command =
  | Start
  | { readonly type: 'admit' }
  /** Judges and lets follow what follows. `judge` only keeps the verdicts: it neither asks anybody nor promotes. */
  | { readonly type: 'evaluate' | 'judge' }
  | Promote
  | RequestOverride
  | ConfirmOverride
  | { readonly type: 'pause' | 'resume'; readonly reason: string }
  | RollBack
  | { readonly type: 'complete'; readonly reason: string }
  | { readonly type: 'provide_input'; readonly inputs: JsonObject }
  | TaskResult
  | BeginAttempt
  | ClaimTask
  | InterruptTask
  | ContinueTask
  | AnswerTask
  | { readonly type: 'time_out_unit'; readonly workId: string }
  | { readonly type: 'take_over'; readonly workId: string; readonly from: number | null }
  | { readonly type: 'retry_tasks'; readonly workId: string }
  | { readonly type: 'record_evidence'; readonly observations: readonly NewObservation[] }
  | { readonly type: 'request_approval' }
  | DecideApproval
  | GiveUpDelivery
  | Erase;

export type Start = {
  readonly type: 'start';
  readonly inputs: JsonObject;
  readonly metadata: JsonObject;
  readonly by: string;
};

export type Promote = {
  readonly type: 'promote';
  readonly reason: string;
  /** The stage entry that was looked at: who has been overtaken by a rollback must not promote what followed. */
  readonly entry?: number | undefined;
};

/** Past a shut gate; where the gate is open it is an ordinary promotion. */
export type RequestOverride = {
  readonly type: 'request_override';
  readonly reason: string;
  readonly by: Actor;
  readonly entry?: number | undefined;
};

export type ConfirmOverride = { readonly type: 'confirm_override'; readonly overrideId: string; readonly by: Actor };

export type RollBack = {
  readonly type: 'roll_back';
  /** Unset: the stage before the present one in the plan's order. */
  readonly toStage?: string | undefined;
  readonly reason: string;
  /** Only while the journey is still in this entry: what was decided on was seen then. */
  readonly entry?: number | undefined;
};

/** Keeps that nobody tries any more to tell another system something. */
export type GiveUpDelivery = {
  readonly type: 'give_up_delivery';
  readonly deliveryId: string;
  readonly destination: string;
  readonly messageType: string;
  readonly problem: string;
};

/** Of a completed journey: whatever was said of the client is replaced, in the events as well. */
export type Erase = { readonly type: 'erase'; readonly reason: string };

export type TaskResult = {
  readonly type: 'task_result';
  readonly workId: string;
  readonly taskId: string;
  readonly fence: Fence;
  /** For a task of this process: the epoch under which it ran; the unit must still be owned by it. */
  readonly owner?: number;
  /** For a pulled task: who says so; it must be who has claimed the attempt. */
  readonly claimant?: string;
  readonly outcome:
    | { readonly type: 'succeeded'; readonly output: Json }
    | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly retryable: boolean };
};

export type BeginAttempt = {
  readonly type: 'begin_attempt';
  readonly workId: string;
  readonly taskId: string;
  readonly fence: Fence;
  /** It goes ahead although the breaker is not closed: to find out whether it may be. */
  readonly probe?: boolean;
};

export type ClaimTask = {
  readonly type: 'claim_task';
  readonly workId: string;
  readonly taskId: string;
  readonly fence: Fence;
  readonly by: string;
};

type OfAttempt = { readonly workId: string; readonly taskId: string; readonly fence: Fence };

/** Its agent asks for something. */
export type InterruptTask = OfAttempt & { readonly type: 'interrupt_task'; readonly question: Question };

/** Its agent is at work again. */
export type ContinueTask = OfAttempt & { readonly type: 'continue_task' };

/** Whatever attempt is asking: people answer a question and know nothing of attempts. */
export type AnswerTask = {
  readonly type: 'answer_task';
  readonly workId: string;
  readonly taskId: string;
  readonly answer: JsonObject;
};

/** The stage entry is the journey's own at the moment of recording; nobody may claim another. */
export type NewObservation = Omit<Observation, 'stageEntry'>;

export type DecideApproval = {
  readonly type: 'decide_approval';
  readonly approvalId: string;
  readonly decision: 'approve' | 'reject';
  readonly reason: string | null;
  /** The digest that the person was shown; unset: the one that the request was made with. */
  readonly digest?: string | undefined;
  readonly by: Actor;
};
