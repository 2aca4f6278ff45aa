import { z } from 'zod';
import { isRefusal, refuse, type Refusal } from '#core/errors.ts';
import type { Json, JsonObject } from '#core/json.ts';
import { ChangesView, changesView, problemText, unknownVersion, VersionHash } from '../config-views.ts';
import { changesBetween, type Configuration } from '../configuration.ts';
import { defineUseCase } from '../use-case.ts';

export const diffConfig = defineUseCase({
  name: 'config.diff',
  summary: 'What differs between two versions: the active one, the files as they are now, or any hash of the history.',
  effect: 'read',
  allow: ['viewer'],
  surface: {
    http: { route: 'GET /api/v1/config/diff' },
    cli: { verb: 'config diff', examples: ['config diff', 'config diff --from=9a1c0de19a1c0de1 --to=active'] },
    without: {
      mcp: 'Config://stages shows what decides; the configuration is for people.',
      slack: 'Whoever changes the configuration has its files at hand, and a terminal.',
    },
  },
  input: z.strictObject({
    from: z.string().max(64).default('active').describe('active, files, or a hash.'),
    to: z.string().max(64).default('files').describe('active, files, or a hash.'),
  }),
  output: z.object({ from: z.string(), to: z.string(), ...ChangesView.shape }),
  run: async ({ configuration }, _call, input) => {
    const active = await configuration.decides();
    const versionOf = (name: string) => versionNamed(configuration, name === 'active' ? active : name);
    const [from, to] = [await versionOf(input.from), await versionOf(input.to)];
    if (isRefusal(from)) return from;
    if (isRefusal(to)) return to;
    const { valuesIn } = configuration.files;
    return {
      from: from.hash,
      to: to.hash,
      ...changesView(changesBetween(valuesIn(from.document), valuesIn(to.document))),
    };
  },
});

type Found = { readonly hash: string; readonly document: JsonObject };

async function versionNamed({ files, store }: Configuration, name: string): Promise<Found | Refusal> {
  if (name === 'files') {
    const load = files.look().load();
    if (load.ok) return load.config;
    return refuse(
      'config.invalid',
      `The files in ${files.folder} cannot be used: ${load.problems.slice(0, 5).map(problemText).join('; ')}`,
      'Mend what is named; config check names all of it.',
      { problems: load.problems.slice(0, 50) as Json },
    );
  }
  if (!VersionHash.safeParse(name).success) return unknownVersion(name);
  const document = await store.document(name);
  return document ? { hash: name, document } : unknownVersion(name);
}
