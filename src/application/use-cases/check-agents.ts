import { z } from 'zod';
import { closed, type Breaker } from '#core/breaker.ts';
import { intentKey } from '../breakers.ts';
import { iso, text } from '../fields.ts';
import { defineUseCase } from '../use-case.ts';

const BreakerView = z.object({
  intent: z.string(),
  status: z.enum(['closed', 'open', 'half_open']),
  failures: z.number().nullable().describe('In a row, while it is closed.'),
  opened_at: z.string().nullable(),
  probes_from: z.string().nullable().describe('When the first tasks are tried again.'),
  probes: z.number().describe('Attempts in flight that find out whether the agents work again.'),
});

export const checkAgents = defineUseCase({
  name: 'agents.check',
  summary: 'Which agents offer an intent (all agents without one), and whether they answer now.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/agents' },
    cli: { verb: 'check-agents', examples: ['check-agents --intent="provision_test_dataset"'] },
    mcp: { tool: 'find_agents', guidance: 'Says whether anybody can do a task that does not get on.' },
    slack: { word: 'agents', typed: ['intent'], example: 'agents provision_test_dataset' },
  },
  input: z.strictObject({
    intent: text(255).optional().describe('An agent_intent of the templates.'),
  }),
  output: z.object({
    intent: z.string().nullable(),
    route: z.enum(['in_process', 'a2a', 'pull']).nullable(),
    healthy: z.number(),
    breakers: z
      .array(BreakerView)
      .describe('Of the intent asked for; without one, all that are not closed. While one is not, its tasks wait.'),
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
    sources: z
      .array(
        z.object({
          kind: z.enum(['well_known', 'catalogue']),
          url: z.string(),
          state: z.enum(['ok', 'stale', 'unread']),
          agents: z.number(),
          read_at: z.string().nullable(),
          problem: z.string().nullable(),
        }),
      )
      .describe('Where agents are looked for that no file names; stale: its last good copy is used.'),
  }),
  run: async ({ agents, breakers, plans }, _call, { intent }) => {
    const [found] = await Promise.all([agents.health(intent), breakers.refresh()]);
    return {
      intent: intent ?? null,
      route: intent === undefined ? null : agents.route(intent),
      healthy: found.filter(({ healthy }) => healthy).length,
      breakers: breakersOf(breakers.view(), intent, plans.active().breaker.timeout_ms),
      agents: found.map(({ agentId, name, url, healthy, lastSeen, problem }) => ({
        agent_id: agentId,
        name,
        url,
        healthy,
        last_seen: lastSeen === null ? null : iso(lastSeen),
        problem: problem ?? null,
      })),
      sources: agents.sources().map(({ readAt, ...source }) => ({
        ...source,
        read_at: readAt === null ? null : iso(readAt),
      })),
    };
  },
});

function breakersOf(
  view: ReadonlyMap<string, Breaker>,
  intent: string | undefined,
  timeout_ms: number,
): z.input<typeof BreakerView>[] {
  if (intent !== undefined) return [breakerView(intent, view.get(intentKey(intent)) ?? closed, timeout_ms)];
  return [...view].flatMap(([key, breaker]) =>
    key.startsWith(intentKey('')) && breaker.status !== 'closed'
      ? [breakerView(key.slice(intentKey('').length), breaker, timeout_ms)]
      : [],
  );
}

function breakerView(intent: string, breaker: Breaker, timeout_ms: number): z.input<typeof BreakerView> {
  const { status } = breaker;
  return {
    intent,
    status,
    failures: status === 'closed' ? breaker.failures : null,
    opened_at: status === 'closed' ? null : iso(breaker.since),
    probes_from: status === 'closed' ? null : iso(breaker.since + timeout_ms),
    probes: status === 'half_open' ? breaker.probes.length : 0,
  };
}
