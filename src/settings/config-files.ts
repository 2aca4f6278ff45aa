import type { Json, JsonObject } from '#core/json.ts';
import { digestOf, withGiven, type ConfigFile, type ConfigTexts } from './config-texts.ts';
import { configHash } from './document.ts';
import { valuesIn } from './effective-values.ts';
import type { Finding } from './findings.ts';
import { jsonSchemas } from './json-schemas.ts';
import { problemsIn, type Problem } from './problem.ts';
import type { Settings } from './settings.ts';

export type LoadedConfig = {
  readonly hash: string;
  readonly label: string;
  readonly document: JsonObject;
  readonly stages: readonly string[];
  readonly values: readonly { readonly key: string; readonly value: Json; readonly origin: string }[];
  readonly findings: readonly Finding[];
};

/** One look at the files, of which something is made only when it is asked for. */
export type ConfigLook = {
  readonly digest: string;
  readonly load: () =>
    | { readonly ok: true; readonly config: LoadedConfig }
    | { readonly ok: false; readonly problems: readonly Problem[] };
};

export type ConfigFiles = {
  readonly folder: string;
  readonly started: LoadedConfig;
  readonly startedDigest: string;
  readonly look: () => ConfigLook;
  readonly given: (texts: { readonly [name in ConfigFile]?: string }) => ConfigLook;
  readonly valuesIn: (document: JsonObject) => ReadonlyMap<string, Json>;
  readonly schemas: Readonly<Record<ConfigFile, Json>>;
};

/** The files behind the settings, as those want them who look at the configuration and take it up while the server runs. */
export function configFilesOf(settings: Settings): ConfigFiles {
  const { files, configDir } = settings;
  const lookAt = (texts: ConfigTexts): ConfigLook => ({
    digest: digestOf(texts),
    load: () => {
      try {
        return { ok: true, config: loaded(files.settingsOf(texts)) };
      } catch (error) {
        const problems = problemsIn(error);
        if (!problems) throw error;
        return { ok: false, problems };
      }
    },
  });
  return {
    folder: configDir,
    started: loaded(settings),
    startedDigest: digestOf(files.texts),
    look: () => lookAt(files.look()),
    given: (texts) => lookAt(withGiven(files.look(), texts)),
    valuesIn,
    schemas: jsonSchemas(),
  };
}

const loaded = ({ document, version, effective, findings }: Settings): LoadedConfig => ({
  hash: configHash(document),
  label: version,
  document: document as unknown as JsonObject,
  stages: document.stages.map(({ stage_id }) => stage_id),
  values: [...effective].map(([key, { value, origin }]) => ({ key, value, origin })),
  findings,
});
