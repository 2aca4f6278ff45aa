import { stageOf } from '../plan.ts';
import { approvalCriterion } from '../criteria/gate.ts';
import type { Step } from './history.ts';

/** I4: one open request at a time, decided by people who may, each of whom counts once. */
export function approvalViolations({ journey, fact, planOf, report }: Step): void {
  const { event, seq } = fact;
  if (!journey || (event.type !== 'approval_requested' && event.type !== 'approval_decided')) return;
  const { approval } = journey;
  if (event.type === 'approval_requested') {
    if (event.entry !== journey.stageEntry)
      report('I4', `event ${seq} asks for stage entry ${event.entry} during ${journey.stageEntry}`);
    if (approval?.status === 'open') report('I4', `event ${seq} asks again while ${approval.id} is open`);
    return;
  }
  const { approval_id, by } = event;
  if (approval?.id !== approval_id || approval.status !== 'open')
    return report('I4', `event ${seq} decides on ${approval_id}, which is ${statusOf(approval, approval_id)}`);
  if (approval.votes.includes(by)) report('I4', `event ${seq} counts ${by} a second time on ${approval_id}`);
  if (fact.at > approval.expiresAt) report('I4', `event ${seq} decides on ${approval_id} after it had expired`);
  const plan = planOf(journey.configHash);
  const stage = plan && stageOf(plan, journey.stage);
  const rule = stage && approvalCriterion(stage)?.rule;
  if (!rule) return;
  if (rule.excludeInitiator && by === journey.startedBy)
    report('I4', `event ${seq} lets ${by}, who started the journey, decide on ${approval_id}`);
  if (event.status === 'granted' && approval.votes.length + 1 < rule.minApprovals)
    report(
      'I4',
      `event ${seq} grants ${approval_id} on ${approval.votes.length + 1} of ${rule.minApprovals} approvals`,
    );
}

const statusOf = (approval: { readonly id: string; readonly status: string } | null, id: string): string =>
  approval?.id === id ? approval.status : 'not the request of this stage entry';
