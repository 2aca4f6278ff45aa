import { refuse, type Refusal } from '../errors.ts';
import type { ApprovalCriterion } from '../plan.ts';
import { approvalCriterion, holds, workDone } from '../criteria/gate.ts';
import type { DecideApproval } from './commands.ts';
import { presentStage, record, type Draft } from './draft.ts';
import type { Actor, Approval } from './journey.ts';
import { ask, changedSince, isReadyToAsk, judgeAgain, settle, voidApproval } from './settle.ts';

/** One person's word on the open request. */
export function decideApproval(draft: Draft, command: DecideApproval): Refusal | undefined {
  const approval = draft.journey.approval;
  if (!approval || approval.id !== command.approvalId)
    return refuse(
      'approval.not_open',
      `${command.approvalId} is not the open request of ${draft.journey.clientId}.`,
      approval?.status === 'open'
        ? `The open one is ${approval.id}: look at what it shows.`
        : 'List the open approvals.',
      approval?.status === 'open' ? { open: approval.id } : undefined,
    );
  const criterion = approvalCriterion(presentStage(draft));
  if (!criterion) return refuse('approval.unknown', `${draft.journey.stage} asks for no approval.`);
  const refusal =
    closed(approval, draft) ??
    notEntitled(criterion, approval, draft, command.by) ??
    stale(criterion, approval, draft, command);
  if (refusal) return refusal;
  if (command.decision === 'reject' && !command.reason)
    return refuse('input.invalid', 'A rejection needs a reason.', 'Say what must change before the demo is approved.');

  const granted = approval.votes.length + 1 >= criterion.rule.minApprovals;
  record(draft, {
    type: 'approval_decided',
    approval_id: approval.id,
    decision: command.decision,
    by: command.by.id,
    reason: command.reason,
    status: command.decision === 'reject' ? 'rejected' : granted ? 'granted' : 'open',
  });
  settle(draft);
  return undefined;
}

function closed(approval: Approval, { world }: Draft): Refusal | undefined {
  const expired = approval.status === 'open' && world.now > approval.expiresAt;
  if (expired || (approval.status === 'void' && approval.reason === 'expired'))
    return refuse(
      'approval.expired',
      `The request ${approval.id} has expired.`,
      'A new request follows at the next evaluation.',
    );
  if (approval.status === 'void')
    return refuse(
      'approval.stale',
      approval.changed.length > 0
        ? `What was to be approved has changed: ${approval.changed.join('; ')}.`
        : `The request ${approval.id} is void: ${approval.reason ?? 'it has moved on'}.`,
      'Look at the criteria again; a new request follows when the gate is ready.',
      approval.changed.length > 0 ? { changed: approval.changed } : undefined,
    );
  if (approval.status !== 'open')
    return refuse(
      'approval.not_open',
      `${approval.id} was ${approval.status === 'granted' ? 'approved' : 'rejected'} by ${approval.decidedBy ?? 'somebody'} already.`,
      'Nothing more is to be decided.',
    );
  return undefined;
}

function notEntitled(
  { rule }: ApprovalCriterion,
  { votes }: Approval,
  { journey }: Draft,
  by: Actor,
): Refusal | undefined {
  if (by.kind !== 'user')
    return refuse(
      'approval.by_agent',
      `${by.id} is of kind ${by.kind}: only people approve.`,
      'Ask a person with the role approver.',
    );
  if (rule.excludeInitiator && by.id === journey.startedBy)
    return refuse(
      'approval.by_initiator',
      `${by.id} started this journey and may not approve it.`,
      'Ask another approver.',
    );
  if (!isApprover(rule.approvers, by))
    return refuse(
      'approval.not_an_approver',
      `${by.id} is not among the approvers: ${rule.approvers.join(', ') || 'role:approver'}.`,
      'Ask one of them.',
    );
  if (votes.includes(by.id))
    return refuse('approval.already_counted', `${by.id} has approved already; one person counts once.`);
  return undefined;
}

/** By name, by role, or by a group that the door has found the person in. */
const isApprover = (approvers: readonly string[], { id, roles, groups = [] }: Actor): boolean =>
  approvers.length === 0
    ? roles.includes('approver')
    : [`user:${id}`, ...roles.map((role) => `role:${role}`), ...groups].some((as) => approvers.includes(as));

function stale(
  criterion: ApprovalCriterion,
  approval: Approval,
  draft: Draft,
  { digest }: DecideApproval,
): Refusal | undefined {
  const others = judgeAgain(draft, presentStage(draft)).filter(({ checkId }) => checkId !== criterion.checkId);
  const changed = changedSince(approval, draft, others);
  if (changed)
    return refuse(
      'approval.stale',
      `What was to be approved has changed: ${changed.join('; ')}.`,
      'A new request follows when the gate is ready again.',
      { changed },
    );
  if (digest !== undefined && digest !== approval.digest)
    return refuse(
      'approval.stale',
      'The digest is not that of the open request.',
      'Look at the request again and decide on what it shows.',
    );
  return undefined;
}

/** Somebody asks (again): after a rejection was dealt with, or because the open request should go out anew. */
export function requestApproval(draft: Draft): Refusal | undefined {
  const criterion = approvalCriterion(presentStage(draft));
  if (!criterion?.rule.needed) return refuse('approval.unknown', `${draft.journey.stage} asks for no approval.`);
  const others = judgeAgain(draft, presentStage(draft)).filter(({ checkId }) => checkId !== criterion.checkId);
  if (!isReadyToAsk(draft, others)) {
    const missing = [
      ...(workDone(draft.journey) ? [] : ['work']),
      ...others.filter((one) => !holds(one)).map(({ checkId }) => checkId),
    ];
    return refuse(
      'approval.not_ready',
      `Not ready to be approved; missing: ${missing.join(', ')}.`,
      'An approval is asked for by itself once everything else is there.',
      { missing },
    );
  }
  const { approval } = draft.journey;
  // One whose ground has moved is as good as none: people are asked about what is so now.
  if (approval?.status === 'granted' && !changedSince(approval, draft, others))
    return refuse(
      'approval.not_open',
      `${approval.id} has been granted already.`,
      'Nothing has changed since: promote passes the gate.',
    );
  if (approval?.status === 'open') voidApproval(draft, approval, 'asked_again', []);
  ask(draft, criterion, others);
  settle(draft);
  return undefined;
}
