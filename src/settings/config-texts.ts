import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readText, type TextRead } from './read-yaml.ts';

export const configFiles = [
  'journey-orchestrator.yaml',
  'stages.yaml',
  'unit-of-work-templates.yaml',
  'agents.yaml',
  'collectors.yaml',
  'notifications.yaml',
] as const;
export type ConfigFile = (typeof configFiles)[number];

/** Without them nobody is named, and everything has its default. */
export const optionalFiles: readonly ConfigFile[] = ['agents.yaml', 'collectors.yaml', 'notifications.yaml'];

/** One look at the files, before anything is made of them: all of them, also those that are not there. */
export type ConfigTexts = ReadonlyMap<ConfigFile, TextRead & { readonly path: string }>;

export const readConfigTexts = (dir: string): ConfigTexts =>
  new Map(
    configFiles.map((name) => {
      const path = join(dir, name);
      return [name, { ...readText(path), path }];
    }),
  );

/** Texts that were handed in, by the files' names, in place of those of the folder. */
export const withGiven = (texts: ConfigTexts, given: { readonly [name in ConfigFile]?: string }): ConfigTexts =>
  new Map(
    [...texts].map(([name, there]) => {
      const text = given[name];
      return [name, text === undefined ? there : { state: 'read', text, path: name }];
    }),
  );

/** Equal for looks that saw the same. */
export const digestOf = (texts: ConfigTexts): string =>
  createHash('sha256')
    .update(JSON.stringify([...texts]))
    .digest('hex');
