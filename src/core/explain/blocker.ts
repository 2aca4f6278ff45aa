import type { Json } from '../json.ts';
import type { Instant } from '../time.ts';

/**
 * Everything that can hold a journey up, the one to deal with first at the head: what stops the whole journey, then its
 * work (what nobody will mend by itself before what goes on by itself), then its criteria, then its people, then what
 * holds up only the next stage.
 */
export const blockerKinds = [
  'paused',
  'queued',
  'override_pending',
  'task_failed',
  'no_agent',
  'breaker_open',
  'waiting_for_input',
  'agent_asks',
  'task_retrying',
  'task_running',
  'criterion_failed',
  'criterion_stale',
  'criterion_unknown',
  'approval_rejected',
  'approval_expired',
  'approval_stale',
  'approval_pending',
  'promotion_pending',
  'config_reload_failed',
] as const;
export type BlockerKind = (typeof blockerKinds)[number];

/** Who has to do something next. */
export const owners = ['client', 'us', 'agent', 'approver'] as const;
export type Owner = (typeof owners)[number];

/** What would take the blocker away. */
export type NextAction = {
  /** Imperative, one clause, no full stop: `give users`. */
  readonly text: string;
  /** What does it; null: nothing here does it, or only time. */
  readonly call: ActionCall | null;
};

/** The commands and looks that unblock, with what is known of their input; doors know them by names of their own. */
export type ActionCall =
  | { readonly does: 'promote' | 'request_approval' | 'resume' }
  | { readonly does: 'confirm_override'; readonly overrideId: string }
  | { readonly does: 'check_agents'; readonly intent: string }
  | { readonly does: 'decide_approval'; readonly approvalId: string; readonly digest: string }
  | { readonly does: 'provide_input'; readonly names: readonly string[] }
  | { readonly does: 'record_evidence'; readonly kind: string }
  | { readonly does: 'answer_task'; readonly workId: string; readonly taskId: string }
  | { readonly does: 'retry_tasks'; readonly workId: string };

export type Blocker = {
  readonly kind: BlockerKind;
  /** The task, the check, the request … that it is about. */
  readonly subject: string;
  /** One clause, no full stop: `search_quality: precision@5 is 0.77, under 0.8 (over 100 queries)`. */
  readonly message: string;
  readonly owner: Owner;
  /** Since when it is so; for a verdict when what it rests on was observed. Null: not known. */
  readonly since: Instant | null;
  readonly measured?: Json;
  readonly target?: Json;
  readonly action: NextAction;
};

export const rankOf = ({ kind }: Blocker): number => blockerKinds.indexOf(kind);

export const withoutStop = (sentence: string): string => sentence.replace(/\.\s*$/, '');
