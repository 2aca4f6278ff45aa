import { z } from 'zod';
import type { PersonRecord } from './dependencies.ts';
import { iso } from './fields.ts';

export const SlackTeamId = z
  .string()
  .regex(/^[TE][A-Z0-9]{1,20}$/, 'must be the id of a Slack workspace, as T012AB3CD')
  .describe('The Slack workspace that the person belongs to (their own, in a shared channel), as T012AB3CD.');
export const SlackUserId = z
  .string()
  .regex(/^[UW][A-Z0-9]{1,20}$/, 'must be the id of a Slack user, as U012AB3CD')
  .describe('The Slack user, as U012AB3CD.');

export const PersonView = z.object({
  provider: z.string(),
  team_id: z.string(),
  user_id: z.string(),
  principal: z.string(),
  roles: z.array(z.string()),
  clients: z.array(z.string()).nullable(),
  mapped_at: z.string(),
  mapped_by: z.string(),
  unmapped_at: z.string().nullable(),
  unmapped_by: z.string().nullable(),
});

/** As audits name it. */
export const personSubject = ({ provider, team_id, user_id, principal, roles, clients }: PersonRecord) => ({
  subject: principal,
  data: { provider, team_id, user_id, roles, clients },
});

export const personView = (record: PersonRecord): z.input<typeof PersonView> => ({
  ...record,
  roles: [...record.roles],
  clients: record.clients === null ? null : [...record.clients],
  mapped_at: iso(record.mapped_at),
  unmapped_at: record.unmapped_at === null ? null : iso(record.unmapped_at),
});
