import { CommanderError } from 'commander';
import type { Field } from '#application/input-fields.ts';
import { askOver } from './ask.ts';
import { collect, textOf } from './collect.ts';
import { connectionOf } from './connection.ts';
import type { Environment } from './environment.ts';
import { exitCodes, isFailure, wrongUsage, type Failure } from './failure.ts';
import { relayMcp } from './mcp-relay.ts';
import { optionOf, type CommonOptions } from './options.ts';
import { flagsFor, programOf, type Typed } from './program.ts';
import { cleanText, jsonText } from './render/clean.ts';
import { paperOf } from './render/paper.ts';
import { present } from './render/present.ts';
import { yamlText } from './render/yaml.ts';
import type { Input } from './request.ts';
import type { Session } from './session.ts';
import { verbs as allVerbs, type Verb } from './verbs.ts';

/** Runs one command line (without the program's own name) and answers with the exit code. */
export async function main(
  argv: readonly string[],
  environment: Environment,
  verbs: readonly Verb[] = allVerbs(),
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = programOf(
    verbs,
    environment,
    async (verb, typed) => {
      exitCode = await runVerb(verb, typed, environment);
    },
    async (typed) => {
      const failure = await relayMcp(environment, typed);
      if (failure) exitCode = tell(environment, failure);
    },
  );
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(apart(argv, flagsFor(program, argv)), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and the version are also thrown; only they end well.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
}

/** Unknown `--flag=value` becomes two words: commander suggests a flag only for what is nothing but a flag. */
const apart = (argv: readonly string[], known: ReadonlySet<string>): string[] =>
  argv.flatMap((word, index) => {
    const [, flag, value] = /^(--[a-z][a-z0-9_-]*)=(.*)$/is.exec(word) ?? [];
    const before = argv[index - 1] ?? '';
    const isValue = before.startsWith('-') && !before.includes('=');
    return flag === undefined || value === undefined || known.has(flag) || isValue ? [word] : [flag, value];
  });

async function runVerb(verb: Verb, typed: Typed, environment: Environment): Promise<number> {
  const common = typed as CommonOptions;
  const input = await inputOf(verb, typed, environment);
  if (isFailure(input)) return tell(environment, input);
  const connection = connectionOf(environment, common, verb.localToken);
  if (isFailure(connection)) return tell(environment, connection);
  const format = common.format ?? common.output ?? 'table';
  const paper = paperOf(environment.columns, environment.colour);
  const write = (lines: readonly string[]): void => environment.out(`${lines.join('\n')}\n`);
  const answered = await verb.run(
    {
      ask: askOver(connection, environment),
      connection,
      key: typeof typed['idempotencyKey'] === 'string' ? typed['idempotencyKey'] : environment.newKey(),
      paper,
      readFile: environment.readFile,
      say: (lines) => format === 'table' && write(lines),
      ...drawingOn(environment, format === 'table'),
      pause: environment.pause,
    },
    input,
  );
  if (isFailure(answered)) return tell(environment, answered);
  if (format === 'json') environment.out(`${jsonText(answered.value, 2)}\n`);
  else if (format === 'yaml') environment.out(yamlText(answered.value));
  else write(present(paper, verb.useCase, answered.value));
  return verb.exitCode?.(answered.value) ?? exitCodes.ok;
}

/** Where output is a terminal, what was drawn last is wiped first: so many lines up, and everything below them. */
function drawingOn({ out, columns }: Environment, forPeople: boolean): Pick<Session, 'draw' | 'redraws'> {
  let drawn = 0;
  return {
    redraws: columns !== null,
    draw: (lines) => {
      if (!forPeople) return;
      const wipe = columns === null || drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
      out(`${wipe}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
  };
}

async function inputOf(
  { name, fields, collection, document }: Verb,
  typed: Typed,
  environment: Environment,
): Promise<Input | Failure> {
  const values = valuesOf([...fields, ...(collection?.fields ?? [])], typed);
  const missing = fields.filter((field) => field.required && values[field.name] === undefined);
  if (missing.length > 0)
    return wrongUsage(
      `${missing.map(({ flag }) => `--${flag}`).join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not given.`,
      `journey-cli help ${name} explains the flags.`,
    );
  if (document !== undefined) {
    const text = await textOf(environment, String(values[document]));
    return isFailure(text) ? text : { ...values, [document]: text };
  }
  if (!collection) return values;
  const file = typed['file'];
  return collect(environment, collection, values, typeof file === 'string' ? file : undefined);
}

/** The typed values under the names of the API. */
const valuesOf = (fields: readonly Field[], typed: Typed): Input =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const value = typed[optionOf(field).attributeName()];
      return value === undefined ? [] : [[field.name, value]];
    }),
  );

function tell({ err }: Environment, { failed, message, hint, code, requestId }: Failure): number {
  err(`error: ${cleanText(message)}${code === undefined ? '' : ` (${cleanText(code)})`}\n`);
  if (hint !== undefined) err(`hint: ${cleanText(hint)}\n`);
  if (requestId !== undefined) err(`request: ${cleanText(requestId)}\n`);
  return exitCodes[failed];
}
