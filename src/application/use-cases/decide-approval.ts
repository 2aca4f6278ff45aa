import { z } from 'zod';
import { ApprovalId, clientOfApproval, Reason } from '../fields.ts';
import { effectiveRoles } from '../principal.ts';
import { submitForView } from '../submit.ts';
import { defineUseCase } from '../use-case.ts';
import { JourneyView } from '../view.ts';

export const decideApproval = defineUseCase({
  name: 'approval.decide',
  summary: 'Approve or reject what a stage asks people for. Only people may; whoever started the journey may not.',
  effect: 'write',
  allow: ['viewer'],
  kinds: ['user'],
  surface: {
    http: { route: 'POST /api/v1/approvals/:approval_id/decision' },
    without: {
      mcp: 'Agents never approve.',
      cli: 'The CLI has approve and reject, which find the open request of a client by themselves.',
      slack: 'The buttons of the card decide, so that whoever decides has seen what is decided on.',
    },
  },
  input: z.strictObject({
    approval_id: ApprovalId,
    decision: z.enum(['approve', 'reject']),
    reason: Reason.optional().describe('Needed for a rejection.'),
    digest: z
      .string()
      .max(64)
      .optional()
      .describe('What you were shown, as the request has it: refused when it has changed since.'),
  }),
  output: JourneyView,
  client: ({ approval_id }) => clientOfApproval(approval_id),
  run: (dependencies, call, { approval_id, decision, reason, digest }) => {
    const { id, kind, groups } = call.principal;
    return submitForView(dependencies, call, clientOfApproval(approval_id), {
      type: 'decide_approval',
      approvalId: approval_id,
      decision,
      reason: reason ?? null,
      digest,
      by: { id, kind, roles: [...effectiveRoles(call.principal)], ...(groups ? { groups } : {}) },
    });
  },
});
