import { z } from 'zod';
import { personView, PersonView } from '../people.ts';
import { defineUseCase } from '../use-case.ts';

export const listPeople = defineUseCase({
  name: 'person.list',
  summary: 'Who is who: the Slack users that are mapped, and those that were, with who mapped and unmapped them.',
  effect: 'read',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'GET /api/v1/people' },
    cli: { verb: 'people list', examples: ['people list'] },
    without: { mcp: 'Who a person in Slack is, is for people.' },
    slack: { word: 'people list', example: 'people list' },
  },
  input: z.strictObject({
    limit: z.coerce.number().int().min(1).max(1_000).default(200).describe('Mappings, those in force first.'),
  }),
  output: z.object({ people: z.array(PersonView) }),
  run: async ({ people }, _call, { limit }) => ({ people: (await people.list(limit)).map(personView) }),
});
