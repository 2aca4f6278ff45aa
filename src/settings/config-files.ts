import type { JsonObject } from '#core/json.ts';
import { digestOf, withGiven, type ConfigFile, type ConfigTexts } from './config-texts.ts';
import { configHash } from './document.ts';
import { valuesIn } from './effective-values.ts';
import { jsonSchemas } from './json-schemas.ts';
import { problemsIn } from './problem.ts';
import type { Settings } from './settings.ts';

/**
 * The files behind the settings, as those want them who look at the configuration and take it up while the server runs: the
 * application's port of that name.
 */
export function configFilesOf(settings: Settings) {
  const { files, configDir } = settings;
  const lookAt = (texts: ConfigTexts) => ({
    digest: digestOf(texts),
    load: () => {
      try {
        return { ok: true, config: loaded(files.settingsOf(texts)) } as const;
      } catch (error) {
        const problems = problemsIn(error);
        if (!problems) throw error;
        return { ok: false, problems } as const;
      }
    },
  });
  return {
    folder: configDir,
    started: loaded(settings),
    startedDigest: digestOf(files.texts),
    look: () => lookAt(files.look()),
    given: (texts: { readonly [name in ConfigFile]?: string }) => lookAt(withGiven(files.look(), texts)),
    valuesIn,
    schemas: jsonSchemas(),
  };
}

const loaded = ({ document, version, effective, findings }: Settings) => ({
  hash: configHash(document),
  label: version,
  document: document as unknown as JsonObject,
  stages: document.stages.map(({ stage_id }) => stage_id),
  values: [...effective].map(([key, { value, origin }]) => ({ key, value, origin })),
  findings,
});
