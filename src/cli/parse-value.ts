import { InvalidArgumentError } from 'commander';
import { pairValue, splitList } from '#application/typed-values.ts';
import type { Field, Range } from '#application/input-fields.ts';

/** Reads one typed value of a flag; what was given before under the same flag is `previous`. */
export function parseValue(field: Field, text: string, previous: unknown): unknown {
  switch (field.shape) {
    case 'number':
      return parseNumber(text, field.range);
    case 'list':
      return [...((previous as unknown[] | undefined) ?? []), ...parseList(field, text)];
    case 'pairs':
      return parsePair(text, (previous as Readonly<Record<string, unknown>> | undefined) ?? {});
    case 'json':
      return parseJson(text);
    default:
      return oneOf(field, text);
  }
}

function oneOf({ choices }: Field, text: string): string {
  if (choices && !choices.includes(text)) throw new InvalidArgumentError(`Allowed are ${choices.join(', ')}.`);
  return text;
}

function parseNumber(text: string, range: Range = { whole: false }): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It is not a number.');
  const number = Number(text);
  if (range.whole && !Number.isSafeInteger(number)) throw new InvalidArgumentError('It is not a whole number.');
  if (range.min !== undefined && number < range.min) throw new InvalidArgumentError(`The least is ${range.min}.`);
  if (range.above !== undefined && number <= range.above)
    throw new InvalidArgumentError(`It must be more than ${range.above}.`);
  if (range.max !== undefined && number > range.max) throw new InvalidArgumentError(`The most is ${range.max}.`);
  return number;
}

function parseList(field: Field, text: string): readonly unknown[] {
  const words = splitList(text);
  if (words.length === 0 && (field.required || (field.minItems ?? 0) > 0))
    throw new InvalidArgumentError('It names nothing; give one or more, separated by commas.');
  return words.map((word) => (field.numbers ? parseNumber(word) : oneOf(field, word)));
}

function parsePair(text: string, previous: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const [key = '', ...rest] = text.split('=');
  if (key === '' || rest.length === 0) throw new InvalidArgumentError('Write it as name=value.');
  if (Object.hasOwn(previous, key)) throw new InvalidArgumentError(`${key} is given twice.`);
  return Object.fromEntries([...Object.entries(previous), [key, pairValue(rest.join('='))]]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(
      `It is not JSON (${error instanceof Error ? error.message : String(error)}); quote it for the shell, as '{"precision":0.86}'.`,
    );
  }
}
