import type { ApprovalRule } from '../plan.ts';
import type { Instant } from '../time.ts';
import { record, type Draft } from './draft.ts';
import type { Approval } from './journey.ts';

/** When the people who were asked are asked again; null: not any more. */
export function reminderDueAt(approval: Approval | null, rule: ApprovalRule | undefined): Instant | null {
  if (approval?.status !== 'open' || !rule || approval.reminders >= rule.maxReminders) return null;
  const at = (approval.remindedAt ?? approval.requestedAt) + rule.remindAfter_ms;
  // A request that is over by then needs no reminder: it expires, and a new one goes out.
  return at <= approval.expiresAt ? at : null;
}

/** One reminder, however many intervals nobody has looked: people are not to be told three times at once. */
export function remind(draft: Draft, rule: ApprovalRule): void {
  const { approval } = draft.journey;
  const dueAt = reminderDueAt(approval, rule);
  if (approval && dueAt !== null && draft.world.now >= dueAt)
    record(draft, { type: 'approval_reminded', approval_id: approval.id, reminder: approval.reminders + 1 });
}
