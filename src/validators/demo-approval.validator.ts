import { z } from 'zod';
import { DAY, HOUR } from '#core/time.ts';
import { defineApproval } from './validator.ts';

const approver = z.string().regex(/^(user|role|slack_group):[^\s:][^\s]{0,127}$/, {
  error: 'must be user:<principal>, role:<role> or slack_group:<id>',
});

export default defineApproval({
  name: 'DemoApprovalValidator',
  parameters: z.strictObject({
    required: z.boolean().default(true),
    approvers: z.array(approver).max(100).default([]),
    min_approvals: z.int().min(1).max(100).default(1),
    exclude_initiator: z.boolean().default(true),
    expires_after_days: z.number().positive().max(365).default(7),
    remind_after_hours: z.number().positive().max(8_760).default(24),
  }),
  rule: (parameters) => ({
    needed: parameters.required,
    approvers: parameters.approvers,
    minApprovals: parameters.min_approvals,
    excludeInitiator: parameters.exclude_initiator,
    expiresAfter_ms: parameters.expires_after_days * DAY,
    remindAfter_ms: parameters.remind_after_hours * HOUR,
  }),
});
