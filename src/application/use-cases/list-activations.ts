import { z } from 'zod';
import { ActivationView, activationView } from '../config-views.ts';
import { defineUseCase } from '../use-case.ts';

export const listActivations = defineUseCase({
  name: 'config.history',
  summary: 'Which versions of the configuration have decided, since when, and by whom; the newest first.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/config/history' },
    cli: { verb: 'config history', examples: ['config history'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({
    cursor: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe('next_cursor of the page before.'),
    limit: z.coerce.number().int().min(1).max(200).default(50).describe('Activations a page.'),
  }),
  output: z.object({ activations: z.array(ActivationView), next_cursor: z.number().nullable() }),
  run: async ({ configuration: { store, refresh } }, _call, { cursor, limit }) => {
    const rows = await store.activations(limit + 1, cursor);
    // What is told to be active decides here from then on.
    await refresh();
    const page = rows.slice(0, limit);
    return {
      activations: page.map(activationView),
      next_cursor: rows.length > limit ? (page.at(-1)?.activation ?? null) : null,
    };
  },
});
