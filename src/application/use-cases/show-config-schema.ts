import { z } from 'zod';
import { configFileNames } from '../config-ports.ts';
import { defineUseCase } from '../use-case.ts';

export const showConfigSchema = defineUseCase({
  name: 'config.schema',
  summary: 'The JSON Schema of a configuration file, for editors that complete and check while one types.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/config/schema' },
    cli: { verb: 'config schema', examples: ['config schema --file=stages.yaml --format=json'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({ file: z.enum(configFileNames).describe('Which of the files.') }),
  output: z.record(z.string(), z.unknown()),
  run: async ({ configuration: { files } }, _call, { file }) => files.schemas[file] as Record<string, unknown>,
});
