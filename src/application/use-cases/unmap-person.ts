import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { auditEntry, doerOf } from '../audit.ts';
import { personSubject, personView, PersonView, SlackTeamId, SlackUserId } from '../people.ts';
import { defineUseCase } from '../use-case.ts';

export const unmapPerson = defineUseCase({
  name: 'person.unmap',
  summary: 'End the mapping of a Slack user; their next click is refused. What they did stays in the history.',
  effect: 'destructive',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'DELETE /api/v1/people/:team_id/:user_id' },
    cli: { verb: 'people unmap', examples: ['people unmap --team-id=T012AB3CD --user-id=U012AB3CD'] },
    without: { mcp: 'Agents do not say who people are.' },
    slack: { word: 'people unmap', typed: ['user_id'], example: 'people unmap @ann' },
  },
  input: z.strictObject({ team_id: SlackTeamId, user_id: SlackUserId }),
  output: PersonView,
  run: async (dependencies, call, { team_id, user_id }) => {
    const { people, clock } = dependencies;
    const ended = await people.unmap(team_id, user_id, clock.machine(), call.principal.id, (record) =>
      auditEntry(dependencies, doerOf(call), { type: 'person_unmapped', ...personSubject(record) }),
    );
    return ended
      ? personView(ended)
      : refuse(
          'person.unknown',
          `The Slack user ${user_id} of ${team_id} is mapped to nobody.`,
          'people list shows all.',
        );
  },
});
