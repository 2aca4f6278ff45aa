import { z } from 'zod';
import { iso } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

const time = (instant: number | null): string | null => (instant === null ? null : iso(instant));

export const listTokens = defineUseCase({
  name: 'token.list',
  summary: 'All tokens with their roles and their last use; never the tokens themselves.',
  effect: 'read',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'GET /api/v1/tokens' },
    cli: { verb: 'token list', examples: ['token list'] },
    without: {
      mcp: 'Agents do not give out rights.',
      slack: 'Tokens are for programs; people in Slack are mapped by people map.',
    },
  },
  input: z.strictObject({}),
  output: z.object({
    tokens: z.array(
      z.object({
        token_id: z.string(),
        name: z.string(),
        kind: z.string(),
        roles: z.array(z.string()),
        clients: z.array(z.string()).nullable(),
        evidence_kinds: z.array(z.string()),
        intents: z.array(z.string()).nullable(),
        groups: z.array(z.string()),
        created_at: z.string(),
        expires_at: z.string().nullable(),
        revoked_at: z.string().nullable(),
        last_used_at: z.string().nullable(),
      }),
    ),
  }),
  run: async ({ tokens }) => ({
    tokens: (await tokens.list()).map(({ local: _local, ...record }) => ({
      ...record,
      roles: [...record.roles],
      clients: record.clients === null ? null : [...record.clients],
      evidence_kinds: [...record.evidence_kinds],
      intents: record.intents === null ? null : [...record.intents],
      groups: [...record.groups],
      created_at: iso(record.created_at),
      expires_at: time(record.expires_at),
      revoked_at: time(record.revoked_at),
      last_used_at: time(record.last_used_at),
    })),
  }),
});
