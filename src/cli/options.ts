import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_TIMEOUT_S } from './connection.ts';
import type { Field } from '#application/input-fields.ts';
import { parseValue } from './parse-value.ts';

/**
 * A field's flag, as commander wants it. Whether a required one is there is asked later: commander would complain of a
 * missing flag before it suggests what a misspelt one was meant to be.
 */
export function optionOf(field: Field): Option {
  const option = new Option(flagsOf(field), describe(field));
  return field.shape === 'boolean'
    ? option
    : option.argParser((text: string, previous: unknown) => parseValue(field, text, previous));
}

const placeholders = { text: 'text', number: 'n', list: 'a,b,…', pairs: 'name=value', json: 'json' } as const;

function flagsOf({ shape, flag, default: byDefault }: Field): string {
  if (shape === 'boolean') return byDefault === true ? `--no-${flag}` : `--${flag}`;
  return `--${flag} <${placeholders[shape]}>`;
}

function describe({ description, choices, default: byDefault, required, shape }: Field): string {
  const notes = [
    ...(choices && !choices.every((choice) => description.includes(choice)) ? [`one of ${choices.join(', ')}`] : []),
    ...(shape === 'pairs' ? ['may be repeated'] : []),
    ...(byDefault === undefined || isEmpty(byDefault)
      ? []
      : [`default: ${Array.isArray(byDefault) ? byDefault.join(',') : JSON.stringify(byDefault).replaceAll('"', '')}`]),
    ...(required ? ['required'] : []),
  ];
  return [description, notes.length > 0 ? `(${notes.join('; ')})` : ''].filter((text) => text !== '').join(' ');
}

const isEmpty = (value: unknown): boolean => value === false || (Array.isArray(value) && value.length === 0);

export const formats = ['table', 'json', 'yaml'] as const;
export type Format = (typeof formats)[number];

/** What every verb takes, before it or after it. */
export type CommonOptions = {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly timeout?: number;
  readonly format?: Format;
  readonly output?: Format;
};

export const commonOptions = (): readonly Option[] =>
  [
    new Option('-o, --format <format>', 'How to answer (default: table).').choices(formats),
    new Option('--output <format>', 'The same as --format.').choices(formats).hideHelp(),
    new Option('--server <url>', 'Where the server is (default: JOURNEY_API_URL, or else this machine).'),
    new Option(
      '--token-file <path>',
      'A file with the token (default: JOURNEY_API_TOKEN, or else the local server’s).',
    ),
    new Option('--timeout <seconds>', `How long to wait for an answer (default: ${DEFAULT_TIMEOUT_S}).`).argParser(
      seconds,
    ),
  ].map((option) => option.helpGroup('Options of every verb:'));

export const keyOption = (): Option =>
  new Option('--idempotency-key <key>', 'Name this write: repeated under the same key, it is done once.').argParser(
    keyText,
  );

export const fileOption = (name: string): Option =>
  new Option('--file <path>', `A JSON file with all ${name}; - reads standard input.`);

function seconds(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number <= 0 || number > 3_600) throw new InvalidArgumentError('It must be more than 0 and at most 3600.');
  return number;
}

function keyText(text: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(text))
    throw new InvalidArgumentError('It must be 1 to 200 visible ASCII characters.');
  return text;
}
