import { z } from 'zod';
import { DAY, HOUR } from '#core/time.ts';
import { defineApproval } from './validator.ts';

const approver = z.string().regex(/^(user|role|group|slack_group):[^\s:][^\s]{0,127}$/, {
  error: 'must be user:<principal>, role:<role>, group:<name> or slack_group:<id>',
});

/** Roles and groups may hold any number of people; a list of people alone is a number. */
const canBeMet = (approvers: readonly string[], minApprovals: number): boolean =>
  approvers.length === 0 ||
  approvers.some((one) => !one.startsWith('user:')) ||
  new Set(approvers).size >= minApprovals;

export default defineApproval({
  name: 'DemoApprovalValidator',
  parameters: z
    .strictObject({
      required: z.boolean().default(true),
      approvers: z.array(approver).max(100).default([]),
      min_approvals: z.int().min(1).max(100).default(1),
      exclude_initiator: z.boolean().default(true),
      expires_after_days: z.number().positive().max(365).default(7),
      remind_after_hours: z.number().positive().max(8_760).default(24),
      max_reminders: z.int().min(0).max(50).default(3),
    })
    .refine(({ approvers, min_approvals }) => canBeMet(approvers, min_approvals), {
      path: ['min_approvals'],
      error: 'must not be more than the people that approvers names: one person counts once',
    }),
  rule: (parameters) => ({
    needed: parameters.required,
    approvers: parameters.approvers,
    minApprovals: parameters.min_approvals,
    excludeInitiator: parameters.exclude_initiator,
    expiresAfter_ms: parameters.expires_after_days * DAY,
    remindAfter_ms: parameters.remind_after_hours * HOUR,
    maxReminders: parameters.max_reminders,
  }),
});
