import { z } from 'zod';
import { iso, text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

export const checkAgents = defineUseCase({
  name: 'agents.check',
  summary: 'Which agents offer an intent (all agents without one), and whether they answer now.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/agents' },
    cli: { verb: 'check-agents', examples: ['check-agents --intent="provision_test_dataset"'] },
  },
  input: z.strictObject({
    intent: text(255).optional().describe('An agent_intent of the templates.'),
  }),
  output: z.object({
    intent: z.string().nullable(),
    route: z.enum(['in_process', 'a2a', 'pull']).nullable(),
    healthy: z.number(),
    agents: z.array(
      z.object({
        agent_id: z.string(),
        name: z.string(),
        url: z.string(),
        healthy: z.boolean(),
        last_seen: z.string().nullable(),
        problem: z.string().nullable(),
      }),
    ),
  }),
  run: async ({ agents }, _call, { intent }) => {
    const found = await agents.health(intent);
    return {
      intent: intent ?? null,
      route: intent === undefined ? null : agents.route(intent),
      healthy: found.filter(({ healthy }) => healthy).length,
      agents: found.map(({ agentId, name, url, healthy, lastSeen, problem }) => ({
        agent_id: agentId,
        name,
        url,
        healthy,
        last_seen: lastSeen === null ? null : iso(lastSeen),
        problem: problem ?? null,
      })),
    };
  },
});
