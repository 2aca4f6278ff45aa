import { z } from 'zod';
import { defineUseCase } from '../use-case.ts';

const FindingView = z.object({
  state: z.enum(['ok', 'warning', 'failed', 'off']).describe('off: not configured, so there is nothing to look at.'),
  said: z.string(),
  hint: z.string().nullable().describe('What to do about it.'),
});

export const checkServer = defineUseCase({
  name: 'server.check',
  summary:
    'Look at everything that the server is configured for, at the live thing: what is found, and what to do. Changes nothing.',
  effect: 'read',
  allow: ['operator'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'GET /api/v1/doctor' },
    without: {
      cli: 'The command line has doctor, which also looks at itself and at the way to the server.',
      mcp: 'How the installation is set up is for operators to look at, and to mend.',
      slack: 'Whoever mends an installation has a terminal; Slack may be what is broken.',
    },
  },
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean().describe('Nothing failed; there may be warnings.'),
    probes: z.array(z.object({ name: z.string(), took_ms: z.number(), findings: z.array(FindingView) })),
  }),
  run: async ({ doctor }) => {
    const looked = await doctor();
    return {
      ok: looked.every(({ findings }) => findings.every(({ state }) => state !== 'failed')),
      probes: looked.map(({ name, took_ms, findings }) => ({
        name,
        took_ms: Math.round(took_ms),
        findings: findings.map(({ state, said, hint }) => ({ state, said, hint: hint ?? null })),
      })),
    };
  },
});
