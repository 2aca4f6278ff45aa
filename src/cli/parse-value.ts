import { InvalidArgumentError } from 'commander';
import type { Field, Range } from './fields.ts';

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

const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

function parsePair(text: string, previous: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const [key = '', ...rest] = text.split('=');
  if (key === '' || rest.length === 0) throw new InvalidArgumentError('Write it as name=value.');
  if (Object.hasOwn(previous, key)) throw new InvalidArgumentError(`${key} is given twice.`);
  return Object.fromEntries([...Object.entries(previous), [key, pairValue(rest.join('='))]]);
}

/**
 * The value of `name=value`. Numbers, booleans, lists, objects and quoted text are JSON; other text with a comma is a
 * list, so that `users=ann,` is a list of one; and everything else is text as it stands.
 */
export function pairValue(text: string): unknown {
  const json = tryJson(text);
  // JSON would round a long number, and an account number that comes out changed is worse than one that is text.
  if (typeof json === 'number' && !keepsDigits(json)) return text;
  if (json !== undefined && json !== null) return json;
  return text.includes(',') ? splitList(text) : text;
}

const keepsDigits = (number: number): boolean =>
  Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
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
