import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { doerOf, tokenCreated } from '../audit.ts';
import { ClientId, iso, Period, periodMs, text } from '../fields.ts';
import { roles } from '../principal.ts';
import { TOKEN_PREFIX, tokenHash } from '../tokens.ts';
import { defineUseCase } from '../use-case.ts';

export const createToken = defineUseCase({
  name: 'token.create',
  summary: 'Make a token for a person, a program or an agent. It is shown once and stored only as a hash.',
  effect: 'write',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'POST /api/v1/tokens', status: 201, location: () => '/api/v1/tokens' },
    cli: {
      verb: 'token create',
      examples: [
        'token create --name=ci --roles=operator --expires-in=90d',
        'token create --name=dana --roles=approver --groups=client-success',
        'token create --name=scanner --kind=agent --evidence-kinds=security_scan',
        'token create --name=deployer --kind=agent --intents=deploy_production_environment',
      ],
    },
    without: {
      mcp: 'Agents do not give out rights.',
      slack: 'A token that is shown in a chat is a token that leaked.',
    },
  },
  input: z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ @ -')
      .describe('Who holds it; it stands in the history as the actor.'),
    kind: z.enum(['user', 'agent']).default('user').describe('An agent never approves, whatever its roles.'),
    roles: z.array(z.enum(roles)).max(roles.length).default(['viewer']).describe('viewer, operator, approver, admin.'),
    clients: z
      .array(ClientId)
      .min(1)
      .max(1_000)
      .optional()
      .describe('The only clients that it may see; all unless said.'),
    evidence_kinds: z.array(z.string().max(64)).max(50).default([]).describe('Evidence kinds that it may record.'),
    intents: z
      .array(text(255))
      .min(1)
      .max(200)
      .optional()
      .describe('The only intents whose tasks it may claim; all unless said.'),
    groups: z
      .array(
        z
          .string()
          .regex(/^[^\s:][^\s]{0,63}$/, 'must be 1 to 64 characters without spaces, not beginning with a colon'),
      )
      .max(50)
      .default([])
      .describe('Groups that its holder belongs to: approvers may name group:<name>.'),
    expires_in: Period.optional().describe('How long it is good for, as 90d, 12h or 30m; for good unless said.'),
  }),
  output: z.object({ token_id: z.string(), name: z.string(), token: z.string(), expires_at: z.string().nullable() }),
  run: async (dependencies, call, input) => {
    const { tokens, evidenceKinds, clock, ids } = dependencies;
    const strange = input.evidence_kinds.find((kind) => !evidenceKinds.names.includes(kind));
    if (strange !== undefined)
      return refuse(
        'evidence.kind_unknown',
        `No evidence is of kind ${strange}.`,
        `The kinds are: ${evidenceKinds.names.join(', ')}.`,
      );
    const token = `${TOKEN_PREFIX}${ids.random()}${ids.random()}`;
    const now = clock.machine();
    const expiresAt = input.expires_in === undefined ? null : now + periodMs(input.expires_in);
    const record = {
      token_id: `tok-${ids.random()}`,
      name: input.name,
      kind: input.kind,
      roles: input.roles,
      clients: input.clients ?? null,
      evidence_kinds: input.evidence_kinds,
      intents: input.intents ?? null,
      groups: input.groups,
      local: false,
      created_at: now,
      expires_at: expiresAt,
      revoked_at: null,
      last_used_at: null,
    };
    if (!(await tokens.add(record, tokenHash(ids, token), tokenCreated(dependencies, doerOf(call), record))))
      return refuse(
        'token.exists',
        `A token named ${input.name} is in use.`,
        'Take another name, or revoke that one first.',
      );
    return {
      token_id: record.token_id,
      name: record.name,
      token,
      expires_at: expiresAt === null ? null : iso(expiresAt),
    };
  },
});
