import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { auditEntry, doerOf } from '../audit.ts';
import { ClientId } from '../fields.ts';
import { personSubject, personView, PersonView, SlackTeamId, SlackUserId } from '../people.ts';
import { roles, system } from '../principal.ts';
import { defineUseCase } from '../use-case.ts';

export const mapPerson = defineUseCase({
  name: 'person.map',
  summary: 'Say who a Slack user is here, with which roles. The name on a token is the same person on every door.',
  effect: 'write',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'POST /api/v1/people' },
    cli: {
      verb: 'people map',
      examples: ['people map --team-id=T012AB3CD --user-id=U012AB3CD --name=ann --roles=approver'],
    },
    without: { mcp: 'Agents do not say who people are.' },
    slack: { word: 'people map', typed: ['user_id', 'roles', 'name'], example: 'people map @ann approver ann' },
  },
  input: z.strictObject({
    team_id: SlackTeamId,
    user_id: SlackUserId,
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ @ -')
      .refine((name) => name !== system.id, 'must not be the system')
      .optional()
      .describe('The principal, as a token names it; unless said, one that nobody else has.'),
    roles: z.array(z.enum(roles)).min(1).max(roles.length).describe('viewer, operator, approver, admin.'),
    clients: z
      .array(ClientId)
      .min(1)
      .max(1_000)
      .optional()
      .describe('The only clients that the person may see; all unless said.'),
  }),
  output: PersonView,
  run: async (dependencies, call, { team_id, user_id, name, roles: given, clients }) => {
    const { people, tokens, clock } = dependencies;
    const held = name === undefined ? undefined : (await tokens.list()).find((token) => token.name === name);
    if (held?.kind === 'agent' && held.revoked_at === null)
      return refuse(
        'person.not_allowed',
        `${name} is the name of an agent's token: a person who took it would act as that agent.`,
        'Take another name.',
      );
    const record = {
      provider: 'slack' as const,
      team_id,
      user_id,
      principal: name ?? `slack:${team_id}:${user_id}`,
      roles: [...new Set(given)],
      clients: clients ?? null,
      mapped_at: clock.machine(),
      mapped_by: call.principal.id,
      unmapped_at: null,
      unmapped_by: null,
    };
    await people.map(
      record,
      auditEntry(dependencies, doerOf(call), { type: 'person_mapped', ...personSubject(record) }),
    );
    return personView(record);
  },
});
