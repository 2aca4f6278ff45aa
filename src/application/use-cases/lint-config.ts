import { z } from 'zod';
import type { ConfigFinding } from '../config-ports.ts';
import { FindingView } from '../config-views.ts';
import type { Configuration } from '../configuration.ts';
import { defineUseCase } from '../use-case.ts';

/** What only a running server can find, beside what the settings find in files and variables. */
export const serverLintCodes = {
  'files.not_taken_up': {
    level: 'error',
    what: 'The files have changed and cannot be used; what was in force before stays so.',
  },
  'version.other_decides': {
    level: 'warning',
    what: 'Another version decides than the one that this server’s files make.',
  },
} as const;

export const lintConfig = defineUseCase({
  name: 'config.lint',
  summary: 'What is valid in this server’s files and variables and yet probably not what was meant.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/config/lint' },
    cli: { verb: 'config lint', examples: ['config lint', 'config lint --level=warning'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({
    level: z.enum(['error', 'warning', 'info']).default('info').describe('The least level that is shown.'),
  }),
  output: z.object({ hash: z.string(), is_active: z.boolean(), findings: z.array(FindingView) }),
  run: async ({ configuration }, _call, { level }) => {
    const active = await configuration.decides();
    const { hash } = configuration.own();
    const findings = [...findingsOfServer(configuration, active), ...configuration.own().findings];
    const shown = { error: ['error'], warning: ['error', 'warning'], info: ['error', 'warning', 'info'] }[level];
    return {
      hash,
      is_active: hash === active,
      findings: findings.filter((one) => shown.includes(one.level)),
    };
  },
});

/** What is wrong between this server's files and what decides. */
export function findingsOfServer(
  { files, failedReload, own }: Configuration,
  active: string,
): readonly ConfigFinding[] {
  const found = (code: keyof typeof serverLintCodes, message: string, hint: string): ConfigFinding => ({
    code,
    level: serverLintCodes[code].level,
    at: files.folder,
    message,
    hint,
  });
  const { hash } = own();
  return [
    ...(failedReload()
      ? [found('files.not_taken_up', 'The files cannot be used.', 'config check names what is wrong with them.')]
      : []),
    ...(hash === active
      ? []
      : [
          found(
            'version.other_decides',
            `The files make ${hash}, but ${active} decides.`,
            'config diff shows what differs; bring the files into line, or use config activate.',
          ),
        ]),
  ];
}
