import { z } from 'zod';
import { refuse } from '#core/errors.ts';
import { defineUseCase } from '../use-case.ts';

export const checkSlack = defineUseCase({
  name: 'slack.check',
  summary:
    'Check the Slack app against Slack: token, scopes, channels, and the way of a signed request. Changes nothing.',
  effect: 'read',
  allow: ['admin'],
  kinds: ['user', 'system'],
  surface: {
    http: { route: 'GET /api/v1/slack/check' },
    cli: { verb: 'slack check', examples: ['slack check'] },
    without: {
      mcp: 'Whether Slack is set up well is for operators to look at.',
      slack: 'Whoever can ask this in Slack knows that it works.',
    },
  },
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean(),
    findings: z.array(z.object({ what: z.string(), ok: z.boolean(), found: z.string(), hint: z.string().nullable() })),
  }),
  run: async ({ slack }) => {
    const findings = await slack();
    return findings === null
      ? refuse('slack.unavailable', 'No Slack app is configured.', 'Set SLACK_BOT_TOKEN; docs/slack.md says how.')
      : { ok: findings.every(({ ok }) => ok), findings: [...findings] };
  },
});
