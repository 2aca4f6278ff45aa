import { configFileNames } from '#application/config-ports.ts';
import { checkConfig } from '#application/use-cases/check-config.ts';
import type { Environment } from './environment.ts';
import { exitCodes, isFailure, wrongUsage, type Failure } from './failure.ts';
import type { Field } from '#application/input-fields.ts';
import { requestOf, type Input } from './request.ts';
import type { Verb } from './verbs.ts';

const dir: Field = {
  name: 'dir',
  flag: 'dir',
  shape: 'text',
  required: false,
  description: 'A folder here whose files are sent to be checked; the server’s own folder unless said.',
};

/** Checks files before they are where the server reads them: they are sent, and the server says what it would do. */
export const configCheckVerb: Verb = {
  name: 'config check',
  group: 'Configuration',
  summary: checkConfig.summary,
  examples: ['config check', 'config check --dir=./config'],
  fields: [dir],
  collection: null,
  writes: false,
  localToken: 'admin',
  useCase: checkConfig,
  run: async ({ ask, readFile }, { dir: folder }) => {
    const files = typeof folder === 'string' ? filesIn(folder, readFile) : {};
    if (isFailure(files)) return files;
    const request = requestOf(checkConfig, { files });
    return isFailure(request) ? request : ask(request);
  },
  exitCode: (value) =>
    typeof value === 'object' && value !== null && 'ok' in value && value.ok === true
      ? exitCodes.ok
      : exitCodes.refused,
};

function filesIn(folder: string, readFile: Environment['readFile']): Input | Failure {
  try {
    const files = configFileNames.flatMap((name) => {
      const text = readFile(`${folder.replace(/\/+$/, '')}/${name}`);
      return text === undefined ? [] : [[name, text] as const];
    });
    return files.length > 0
      ? Object.fromEntries(files)
      : wrongUsage(`${folder} has none of ${configFileNames.join(', ')}.`, 'Name the folder that holds them.');
  } catch (error) {
    return wrongUsage(`${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
