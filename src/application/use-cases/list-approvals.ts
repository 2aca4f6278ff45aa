import { z } from 'zod';
import { ClientId, iso } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const listApprovals = defineUseCase({
  name: 'approval.list',
  summary: 'The open requests for approval, oldest first.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/approvals' },
    cli: { verb: 'approvals', examples: ['approvals'] },
    slack: { word: 'approvals', typed: ['client_id'], example: 'approvals' },
    without: { mcp: 'Get_journey shows the request of a journey.' },
  },
  input: z.strictObject({ client_id: ClientId.optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
  output: z.object({
    approvals: z.array(
      z.object({
        approval_id: z.string(),
        client_id: z.string(),
        stage: z.string(),
        check_id: z.string(),
        status: z.string(),
        digest: z.string(),
        outcomes: z.record(z.string(), z.unknown()),
        approvers: z.unknown(),
        min_approvals: z.number(),
        votes: z.unknown(),
        requested_at: z.string(),
        expires_at: z.string(),
        reminders: z.number().describe('How often they have been asked again.'),
        reminded_at: z.string().nullable(),
      }),
    ),
  }),
  client: ({ client_id }) => client_id,
  run: async ({ journeys }, { principal }, { client_id, limit }) => {
    const rows = await journeys.openApprovals(client_id, principal.clients, limit);
    return {
      approvals: rows.map((row) => ({
        ...row,
        outcomes: { ...row.outcomes },
        requested_at: iso(row.requested_at),
        expires_at: iso(row.expires_at),
        reminded_at: row.reminded_at === null ? null : iso(row.reminded_at),
      })),
    };
  },
});
