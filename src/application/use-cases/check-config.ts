import { z } from 'zod';
import { configFileNames } from '../config-ports.ts';
import { ChangesView, changesView, FindingView, ProblemView, StrandedView, strandedView } from '../config-views.ts';
import { changesBetween, keysForRestart } from '../configuration.ts';
import { defineUseCase } from '../use-case.ts';

export const checkConfig = defineUseCase({
  name: 'config.check',
  summary:
    'Whether this server would take up the given files (or those of its folder), and what would change. Changes nothing.',
  effect: 'read',
  allow: ['operator'],
  surface: {
    http: { route: 'POST /api/v1/config/check' },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      cli: 'The command line has config check, which reads the files of a folder itself.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({
    files: z
      .partialRecord(z.enum(configFileNames), z.string().max(262_144))
      .default({})
      .describe('Texts by file name; a file that is left out is taken from the server’s folder.'),
  }),
  output: z.object({
    ok: z.boolean(),
    hash: z.string().nullable(),
    is_active: z.boolean(),
    problems: z.array(ProblemView),
    stranded: z.array(StrandedView),
    findings: z.array(FindingView),
    ...ChangesView.shape,
    after_restart: z.array(z.string()),
  }),
  run: async ({ configuration: { files, store, decides } }, { principal }, input) => {
    const load = files.given(input.files).load();
    if (!load.ok)
      return {
        ok: false,
        hash: null,
        is_active: false,
        problems: load.problems.slice(0, 200).map((problem) => ({ ...problem })),
        stranded: [],
        findings: [],
        ...changesView([]),
        after_restart: [],
      };
    const { config } = load;
    const active = await decides();
    const stranded = active === config.hash ? [] : await store.stranded(config.stages);
    const before = await store.document(active);
    return {
      ok: stranded.length === 0,
      hash: config.hash,
      is_active: active === config.hash,
      problems: [],
      stranded: stranded.map((one) => strandedView(one, principal)),
      findings: [...config.findings],
      ...changesView(changesBetween(files.valuesIn(before ?? {}), files.valuesIn(config.document))),
      after_restart: [...keysForRestart(files, config)],
    };
  },
});
